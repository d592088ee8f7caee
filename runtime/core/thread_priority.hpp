#pragma once

namespace qrwell {

/// The calling thread gives way to the others of this process and machine at once: it runs where and while a processor
/// would be idle (sched(7), SCHED_IDLE). For work that many rows make long and that nobody waits for by the
/// millisecond. A niceness alone lets such a thread keep a processor for up to a slice while a request waits for it. A
/// system that does not let it stays as it was.
void give_way() noexcept;

/// The same for work that must go on, slowly, on a machine that is full: it gets a tenth beside a thread that wants
/// all.
void step_back() noexcept;

} // namespace qrwell
