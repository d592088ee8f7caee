#include "actors/request_server/shelf.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace qrwell {

void shelf::change_generation(uint32_t gen_id) {
  if (gen_id == gen_id_) return;
  gen_id_ = gen_id;
  codes_.clear();
  lots_.clear();
  claiming_ = empty_ = false;
  failures_ = backoff_ms_ = 0;
  claim_after_ms_ = std::numeric_limits<int64_t>::min();
}

std::optional<shelf_code> shelf::take() {
  if (codes_.empty()) return std::nullopt;
  auto out = std::move(codes_.front());
  codes_.pop_front();
  ++taken_;
  return out;
}

void shelf::give_back(shelf_code code) {
  if (code.gen_id != gen_id_ || !lots_.contains(code.lot_no)) return;
  --taken_;
  codes_.push_front(std::move(code));
}

void shelf::resolve(uint64_t lot_no, uint32_t gen_id, code_end end) {
  auto found = lots_.find(lot_no);
  if (gen_id != gen_id_ || found == lots_.end()) return;
  auto& l = found->second;
  l.unresolved -= l.unresolved > 0 ? 1 : 0;
  l.stuck += end == code_end::stuck ? 1 : 0;
  l.lost_in_a_row = end == code_end::lost ? l.lost_in_a_row + 1 : 0;
  if (l.lost_in_a_row >= cfg_.lost_races_max) {
    drop_rest_of(lot_no);
  } else if (l.unresolved == 0) {
    // A lot with a stuck code must not be called done: if that code turns out to be free, only a held lot brings it
    // back.
    if (l.stuck == 0) done_.push_back(lot_no);
    lots_.erase(found);
  }
}

// Somebody else has this lot too, or its codes were made dead: not worth a lost race for each of them. Its row stays as
// it is, so that no code of it is forgotten.
void shelf::drop_rest_of(uint64_t lot_no) {
  std::erase_if(codes_, [&](const shelf_code& c) { return c.lot_no == lot_no; });
  lots_.erase(lot_no);
}

void shelf::add(const std::vector<claimed_lot>& lots, bool in_front) {
  for (const auto& arrived : lots) {
    // A lot that is here already came twice; only live fetches may add codes to one.
    if (arrived.gen_id != gen_id_ || (lots_.contains(arrived.lot_no) && !in_front)) continue;
    if (arrived.ids.empty()) {
      done_.push_back(arrived.lot_no);
      continue;
    }
    auto size = static_cast<double>(arrived.ids.size());
    // A live fetch makes lots of a few codes: they say nothing of what the next claim brings.
    if (!in_front) lot_codes_ = lot_codes_ == 0 ? size : 0.75 * lot_codes_ + 0.25 * size;
    lots_[arrived.lot_no].unresolved += static_cast<uint32_t>(arrived.ids.size());
    auto place = in_front ? codes_.begin() : codes_.end();
    std::vector<shelf_code> fresh;
    fresh.reserve(arrived.ids.size());
    for (const auto& id : arrived.ids) fresh.push_back({id, arrived.lot_no, arrived.gen_id});
    codes_.insert(place, std::make_move_iterator(fresh.begin()), std::make_move_iterator(fresh.end()));
  }
}

std::optional<claim_request> shelf::claim_due(size_t waiting, int64_t now_ms) {
  // An answer that never came, e.g. of a persister that was started anew, must not stop claiming for good.
  if (claiming_ && now_ms >= claimed_ms_ + cfg_.claim_timeout_ms) claiming_ = false;
  if (claiming_ || gen_id_ == 0 || now_ms < claim_after_ms_ || lots_.size() >= cfg_.lots_max) return std::nullopt;
  auto per_lot = std::max(1.0, lot_codes_ == 0 ? static_cast<double>(cfg_.lot_codes_guess) : lot_codes_);
  auto for_rate = rate_per_s_ * cfg_.hold_for_ms / 1000;
  // One lot ahead even when nothing is asked for: the first request after a quiet hour must not wait either.
  auto wanted = std::max(for_rate, per_lot) + static_cast<double>(waiting);
  auto have = static_cast<double>(codes_.size());
  if (have >= wanted) return std::nullopt;
  auto lots = static_cast<uint64_t>(std::ceil((wanted - have) / per_lot));
  lots = std::min<uint64_t>(std::max<uint64_t>(lots, 1), cfg_.lots_max - lots_.size());
  claiming_ = true;
  claimed_ms_ = now_ms;
  return claim_request{pool_, gen_id_, static_cast<uint32_t>(lots)};
}

void shelf::claim_ended(const claim_result& result, int64_t now_ms) {
  if (result.gen_id != gen_id_) return; // of a generation that is past
  claiming_ = false;
  empty_ = !result.failed && result.lots.empty();
  failures_ = result.failed ? failures_ + 1 : 0;
  if (result.failed || empty_) {
    back_off(now_ms);
    return;
  }
  backoff_ms_ = 0;
  add(result.lots);
}

void shelf::back_off(int64_t now_ms) {
  backoff_ms_ = backoff_ms_ == 0 ? cfg_.backoff_min_ms : std::min(cfg_.backoff_max_ms, backoff_ms_ * 2);
  claim_after_ms_ = now_ms + backoff_ms_;
}

std::vector<uint64_t> shelf::take_done() {
  return std::exchange(done_, {});
}

uint64_t shelf::take_issued() noexcept {
  // More may have come back than was taken: of what was told before. It is made up for by the next ones.
  auto issued = taken_ > taken_told_ ? taken_ - taken_told_ : 0;
  taken_told_ += issued;
  return issued;
}

void shelf::measure(int64_t now_ms) {
  if (measured_ms_ >= 0 && now_ms > measured_ms_) {
    auto taken = taken_ > taken_before_ ? static_cast<double>(taken_ - taken_before_) : 0.0;
    auto present = taken * 1000 / static_cast<double>(now_ms - measured_ms_);
    // Up at once, down by a fifth a second: a pause of a moment must not empty the shelf's plan.
    rate_per_s_ = std::max(present, rate_per_s_ * 0.8);
    if (rate_per_s_ < 0.01) rate_per_s_ = 0;
  }
  taken_before_ = taken_;
  measured_ms_ = now_ms;
}

} // namespace qrwell
