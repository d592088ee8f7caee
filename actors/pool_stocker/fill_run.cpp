#include "actors/pool_stocker/fill_run.hpp"

namespace qrwell {

fill_run::fill_run(const grant_ticket& ticket, uint32_t gen_id, quota_class use, std::vector<carried_id> carried)
    : ticket_(ticket)
    , gen_id_(gen_id)
    , use_(use)
    , ids_(ticket.ids.size())
    , units_(static_cast<uint32_t>(ticket.ids.size()))
    , waiting_(ticket.ids.begin(), ticket.ids.end()) {
  for (auto& one : carried) tried_.emplace(one.id, std::move(one));
}

uint32_t fill_run::could_send() const noexcept {
  return stopped_ ? 0 : static_cast<uint32_t>(std::min<size_t>(units_, waiting_.size()));
}

std::optional<std::string> fill_run::next() {
  if (could_send() == 0) return std::nullopt;
  auto id = std::move(waiting_.front());
  waiting_.pop_front();
  --units_;
  ++in_flight_;
  ++sent_;
  return id;
}

void fill_run::ended(fetched_code&& fetched, const fetch_verdict& verdict, const image_verdict& image,
                     int64_t wall_ms) {
  --in_flight_;
  if (verdict.next == next_step::slow_down || verdict.next == next_step::wait || verdict.next == next_step::stop)
    stop();
  if (verdict.how == unit_end::never_written) {
    // The unit is back, and the id is as it was before.
    ++units_;
    --sent_;
    last_failure_ = verdict.sentence;
    waiting_.push_back(std::move(fetched.id));
    return;
  }
  if (verdict.how == unit_end::lost) ++lost_;
  ++ledger_[verdict.outcome];
  if (verdict.next != next_step::keep) return failed(fetched.id, verdict);
  ++images_;
  tried_.erase(fetched.id);
  stocked_.push_back({fetched.id, image.format, static_cast<uint32_t>(fetched.image.size()), image.sha, wall_ms});
  files_.push_back({std::move(fetched.id), image.format, std::move(fetched.image)});
}

void fill_run::failed(const std::string& id, const fetch_verdict& verdict) {
  auto& one = tried_[id];
  one.id = id;
  one.reason = verdict.reason;
  one.counts = verdict.counts;
  last_failure_ = verdict.sentence.empty() ? verdict.reason : verdict.sentence;
  auto again = verdict.next != next_step::stop && verdict.next != next_step::bury;
  if (++one.attempts < attempts_max && again) {
    waiting_.push_back(id);
    return;
  }
  dead_.push_back({id, one.reason});
  dead_that_count_ += one.counts;
  tried_.erase(id);
}

images_put fill_run::take_images() {
  return {std::move(files_)};
}

void fill_run::images_failed() {
  for (const auto& code : stocked_) dead_.push_back({code.id, "image_write_failed"});
  // No row of these will have an image, so in the books they are not images either.
  if (!stocked_.empty()) {
    ledger_["bad_images"] += stocked_.size();
    ledger_["images"] -= stocked_.size();
  }
  stocked_.clear();
}

std::vector<carried_id> fill_run::take_carried() {
  std::vector<carried_id> out;
  for (auto& [id, one] : tried_) out.push_back(std::move(one));
  tried_.clear();
  return out;
}

grant_close fill_run::close(uint32_t lot_size, const std::string& holder,
                            const std::vector<carried_id>& given_up) const {
  grant_close c;
  c.app_id = ticket_.app_id;
  c.epoch = ticket_.epoch;
  c.seq = ticket_.seq;
  c.gen_id = gen_id_;
  c.use = use_;
  c.sent = sent_;
  c.lost = lost_;
  c.stocked = stocked_;
  c.dead = dead_;
  for (const auto& one : given_up) c.dead.push_back({one.id, one.reason});
  if (sent_ > 0) c.ledger.push_back({"calls", sent_});
  for (const auto& [outcome, count] : ledger_)
    if (count > 0) c.ledger.push_back({outcome, count});
  c.lot_size = lot_size;
  c.holder = holder;
  return c;
}

} // namespace qrwell
