#include "actors/batch_server/batch_desk.hpp"

#include "runtime/codes/code_json.hpp"
#include "runtime/http/problem.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace qrwell {
namespace {

// A ticket is the batch's number and, in its last 16 bits, the item's.
constexpr unsigned item_bits = 16;
constexpr uint64_t item_mask = (1u << item_bits) - 1;

std::string problem_answer(const http::problem& why) {
  auto out = R"({"status":)" + std::to_string(http::status_of(why.code)) + R"(,"error":)" + http::problem_json(why, "");
  if (why.retry_after_s > 0) out += R"(,"retry_after":)" + std::to_string(why.retry_after_s);
  return out + '}';
}

std::string code_answer(const issue_result& r, const std::string& public_url, int64_t wall_ms) {
  std::string out = R"({"status":)";
  out += r.end == item_end::issued ? "201" : "200";
  if (r.end == item_end::replayed) out += R"(,"replayed":true)";
  if (r.end == item_end::reused) out += R"(,"reused":true)";
  out += R"(,"code":)";
  code_context context;
  context.public_url = public_url;
  context.now_ms = wall_ms;
  context.rung = r.rung;
  append_code_json(out, r.code, context);
  return out + '}';
}

} // namespace

caf::error validate(const batch_server_config& cfg) {
  auto wrong = [](const char* what) { return fail(ec::invalid_config, std::string("batch_server: ") + what); };
  if (cfg.batches_max == 0 || cfg.items_max == 0 || cfg.items_max > item_mask)
    return wrong("batches_max must be at least 1, items_max 1 to 65535");
  if (cfg.batches_per_owner_max == 0) return wrong("batches_per_owner_max must be at least 1");
  if (cfg.items_under_way_max == 0 || cfg.slice_max == 0)
    return wrong("items_under_way_max and slice_max must be at least 1");
  if (cfg.deadline_ms == 0 || cfg.item_deadline_ms == 0 || cfg.tick_ms == 0 || cfg.busy_tick_ms == 0)
    return wrong("deadline_ms, item_deadline_ms and tick_ms must be at least 1");
  return caf::none;
}

std::optional<http::problem> batch_desk::check_key(const api_key& key, size_t items) const {
  size_t owners = 0, open = 0, soonest = SIZE_MAX; // open: items of this key
  for (const auto& [number, b] : batches_) {
    if (b.owner != key.owner) continue;
    ++owners;
    soonest = std::min(soonest, b.open);
    if (b.key_id == key.key_id) open += b.open;
  }
  auto rate = key.rate_per_s;
  auto seconds = [&](double n) {
    return rate <= 0 ? 1u : static_cast<uint32_t>(std::clamp(std::ceil(n / rate), 1.0, cfg_.deadline_ms / 1'000.0));
  };
  if (owners >= cfg_.batches_per_owner_max)
    return http::problem{ec::rate_limited,
                         "As many batches of this key's owner as may be are under way (" + std::to_string(owners) +
                             "). Send the next one when one of them was answered.",
                         seconds(static_cast<double>(soonest))};
  if (rate <= 0) return std::nullopt;
  auto in_time = static_cast<size_t>(std::max(1.0, rate) + rate * cfg_.deadline_ms / 1'000);
  if (items > in_time)
    return http::problem{ec::invalid_request, "items: the rate of the key '" + key.name + "' lets no more than " +
                                                  std::to_string(in_time) +
                                                  " items begin in the time of a batch. Send fewer."};
  if (items + open > in_time)
    return http::problem{ec::rate_limited,
                         "Batches of the key '" + key.name +
                             "' that are under way use up its rate. Send this one later.",
                         seconds(static_cast<double>(items + open - in_time))};
  return std::nullopt;
}

void batch_desk::begin(place to, const api_key& key, std::vector<read_item> items, int64_t mono_ms) {
  ++counts_.batches;
  counts_.items += items.size();
  auto entry = batches_.emplace(next_number_++, batch{}).first;
  auto& b = entry->second;
  b.to = std::move(to);
  b.deadline_ms = mono_ms + cfg_.deadline_ms;
  b.items.resize(items.size());
  b.open = items.size();
  b.owner = key.owner;
  b.key_id = key.key_id;
  std::unordered_map<std::string, uint32_t> last_with_key;
  for (uint32_t i = 0; i < items.size(); ++i) {
    if (items[i].wrong) {
      refuse(b, i, {code_of(items[i].wrong), sentence_of(items[i].wrong)});
      continue;
    }
    auto& asked = b.items[i].asked;
    asked = std::move(items[i].asked);
    asked.ticket = entry->first << item_bits | i;
    asked.key_id = key.key_id;
    asked.request_id = b.to.request_id;
    if (asked.idempotency_key.empty()) {
      b.ready.push_back(i);
      continue;
    }
    // The later of two with one key is the replay: it waits for the earlier, so that nobody has to guess.
    auto [last, first_one] = last_with_key.try_emplace(asked.idempotency_key, i);
    if (first_one)
      b.ready.push_back(i);
    else
      b.items[std::exchange(last->second, i)].next_same_key = i;
  }
  end_if_done(entry);
}

void batch_desk::ended(issue_results& results, int64_t mono_ms, int64_t wall_ms) {
  for (auto& r : results.results) {
    auto entry = batches_.find(r.ticket >> item_bits);
    auto index = static_cast<uint32_t>(r.ticket & item_mask);
    if (entry == batches_.end() || index >= entry->second.items.size()) continue;
    auto& b = entry->second;
    if (b.items[index].where != stage::sent) continue; // given up already
    --under_way_;
    if (r.end == item_end::later) {
      b.items[index].where = stage::waits;
      b.ready.push_front(index);
      b.paused_until_ms = std::max(b.paused_until_ms, mono_ms + std::max<uint32_t>(1, r.retry_after_ms));
      b.why_waiting = {r.problem, std::move(r.detail), (r.retry_after_ms + 999) / 1'000};
      continue;
    }
    if (r.end == item_end::refused) {
      refuse(b, index, {r.problem, std::move(r.detail), (r.retry_after_ms + 999) / 1'000});
    } else {
      ++(r.end == item_end::issued ? counts_.issued : r.end == item_end::replayed ? counts_.replayed : counts_.reused);
      settle(b, index, code_answer(r, cfg_.public_url, wall_ms));
    }
    end_if_done(entry);
  }
}

void batch_desk::tick(int64_t mono_ms) {
  for (auto entry = batches_.begin(); entry != batches_.end();) {
    auto here = entry++;
    auto& b = here->second;
    auto over = mono_ms >= b.deadline_ms;
    for (uint32_t i = 0; i < b.items.size(); ++i) {
      auto& one = b.items[i];
      if (one.where == stage::sent && mono_ms >= one.give_up_ms) {
        --under_way_;
        ++counts_.unknown;
        refuse(b, i,
               {ec::outcome_unknown,
                "It is not known whether the store committed this. Repeat the item with the same key to get the same "
                "code.",
                1});
      }
    }
    if (over) {
      auto why = b.why_waiting;
      if (why.code != ec::rate_limited)
        why = {ec::timeout, "The batch's time was over before this item was begun; nothing was bound.", 1};
      for (uint32_t i = 0; i < b.items.size(); ++i)
        if (b.items[i].where == stage::waits) refuse(b, i, why);
    }
    end_if_done(here);
  }
}

std::optional<uint32_t> batch_desk::next_of(batch& b, int64_t mono_ms) {
  if (mono_ms < b.paused_until_ms || mono_ms >= b.deadline_ms || b.ready.empty() || !take_token(mono_ms))
    return std::nullopt;
  auto index = b.ready.front();
  b.ready.pop_front();
  return index;
}

// A bucket that holds as many items as may be under way.
bool batch_desk::take_token(int64_t mono_ms) {
  if (cfg_.items_per_s_max == 0) return true;
  auto most = static_cast<double>(cfg_.items_under_way_max);
  auto passed_ms = static_cast<double>(mono_ms - std::exchange(tokens_at_ms_, mono_ms));
  tokens_ = tokens_ < 0 ? most : std::min(most, tokens_ + passed_ms * cfg_.items_per_s_max / 1'000);
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

bool batch_desk::busy() const noexcept {
  return std::any_of(batches_.begin(), batches_.end(), [](const auto& entry) { return !entry.second.ready.empty(); });
}

issue_items batch_desk::take_slice(int64_t mono_ms) {
  issue_items out;
  // One of each in turn, going on behind the batch that was served last.
  for (size_t idle = 0; idle < batches_.size() && out.items.size() < cfg_.slice_max;) {
    if (under_way_ >= cfg_.items_under_way_max) break;
    auto entry = batches_.upper_bound(last_served_);
    if (entry == batches_.end()) entry = batches_.begin();
    last_served_ = entry->first;
    auto index = next_of(entry->second, mono_ms);
    if (!index) {
      ++idle;
      continue;
    }
    idle = 0;
    ++under_way_;
    auto& one = entry->second.items[*index];
    one.where = stage::sent;
    auto remaining = std::min<int64_t>(cfg_.item_deadline_ms, entry->second.deadline_ms - mono_ms);
    one.asked.remaining_ms = static_cast<uint32_t>(remaining);
    one.give_up_ms = mono_ms + remaining + cfg_.item_grace_ms;
    out.items.push_back(one.asked);
  }
  return out;
}

void batch_desk::settle(batch& b, uint32_t index, std::string text) {
  auto& one = b.items[index];
  one.where = stage::ended;
  one.answer = std::move(text);
  one.asked = {};
  --b.open;
  if (one.next_same_key != none && b.items[one.next_same_key].where == stage::waits)
    b.ready.push_back(one.next_same_key);
}

void batch_desk::refuse(batch& b, uint32_t index, const http::problem& why) {
  ++counts_.refused;
  settle(b, index, problem_answer(why));
}

void batch_desk::end_if_done(std::map<uint64_t, batch>::iterator entry) {
  auto& b = entry->second;
  if (b.open > 0) return;
  answer done{std::move(b.to), R"({"results":[)"};
  for (auto& one : b.items) {
    if (done.body.back() != '[') done.body += ',';
    done.body += one.answer;
  }
  done.body += "]}";
  answers_.push_back(std::move(done));
  batches_.erase(entry);
}

} // namespace qrwell
