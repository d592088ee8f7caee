#pragma once

namespace qrwell {

/// The calling thread gives way to the others of this process and machine, as far as they want processors: it gets a
/// tenth beside one that wants all. For work that many rows make long and that nobody waits for by the millisecond.
/// A system that does not let it stays as it was.
void give_way() noexcept;

} // namespace qrwell
