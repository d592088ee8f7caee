#include "runtime/wechat/call_engine.hpp"

#include "messages/errors.hpp"
#include "runtime/wechat/curl_call.hpp"

#include <curl/curl.h>

#include <deque>
#include <mutex>
#include <thread>
#include <unordered_map>

namespace qrwell::wechat {
namespace {

http_outcome not_tried(std::string why) {
  http_outcome out;
  out.curl = -1;
  out.detail = std::move(why);
  return out;
}

} // namespace

caf::error validate(const call_engine_config& cfg) {
  if (cfg.inflight_max == 0 || cfg.inflight_max > 4'096)
    return fail(ec::invalid_config, "wechat: inflight_max must be 1 to 4096");
  if (cfg.urgent_inflight_max == 0) return fail(ec::invalid_config, "wechat: urgent_inflight_max must be at least 1");
  if (cfg.queue_max == 0) return fail(ec::invalid_config, "wechat: queue_max must be at least 1");
  if (cfg.header_bytes_max < 4'096) return fail(ec::invalid_config, "wechat: header_bytes_max must be at least 4096");
  return {};
}

struct call_engine::engine {
  using clock = std::chrono::steady_clock;

  struct waiting_call {
    http_call call;
    std::function<void(http_outcome)> done;
    clock::time_point since;
  };

  call_engine_config cfg;
  curl_limits limits;
  CURLM* multi = nullptr; // only curl_multi_wakeup may be called from another thread
  std::thread thread;

  std::mutex mutex;
  std::deque<waiting_call> queue, urgent;
  bool stopping = false;

  // Of the engine's thread alone.
  std::unordered_map<CURL*, std::unique_ptr<curl_call>> under_way;
  uint32_t urgent_under_way = 0;

  ~engine() {
    under_way.clear();
    if (multi) curl_multi_cleanup(multi);
  }

  uint32_t free_places() const {
    auto others = static_cast<uint32_t>(under_way.size()) - urgent_under_way;
    return cfg.inflight_max - std::min(cfg.inflight_max, others);
  }
  uint32_t urgent_places() const {
    return cfg.urgent_inflight_max - std::min(cfg.urgent_inflight_max, urgent_under_way);
  }

  std::vector<waiting_call> take_queued(std::vector<waiting_call>& late) {
    std::vector<waiting_call> out;
    std::lock_guard lock(mutex);
    auto now = clock::now();
    for (auto* from : {&urgent, &queue}) {
      // All calls have much the same time-out, so looking at the first is enough to find those whose time went by in
      // the queue.
      while (!from->empty() &&
             now - from->front().since >= std::chrono::milliseconds(from->front().call.timeout_for_ms)) {
        late.push_back(std::move(from->front()));
        from->pop_front();
      }
    }
    for (auto [from, n] : {std::pair{&urgent, urgent_places()}, std::pair{&queue, free_places()}})
      for (; n > 0 && !from->empty(); --n) {
        out.push_back(std::move(from->front()));
        from->pop_front();
      }
    return out;
  }

  void admit() {
    std::vector<waiting_call> late;
    for (auto& next : take_queued(late)) begin(std::move(next));
    for (auto& call : late) call.done(not_tried("the call's time went by while it waited for a connection"));
  }

  /// How long libcurl may wait at most; it shortens this to its own timers and wakes for bytes and new calls.
  int pause_ms() {
    std::lock_guard lock(mutex);
    if ((!urgent.empty() && urgent_places() > 0) || (!queue.empty() && free_places() > 0)) return 0;
    return urgent.empty() && queue.empty() ? 10'000 : 100; // the time-outs of those in the queue are ours to watch
  }

  void begin(waiting_call&& next) {
    auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - next.since).count();
    next.call.timeout_for_ms -= std::min(next.call.timeout_for_ms - 1, static_cast<uint32_t>(waited));
    auto is_urgent = next.call.urgent;
    auto call = std::make_unique<curl_call>(std::move(next.call), std::move(next.done), limits);
    if (!call->ready() || curl_multi_add_handle(multi, call->handle()) != CURLM_OK) {
      call->done(not_tried("libcurl cannot make a call: out of memory?"));
      return;
    }
    urgent_under_way += is_urgent ? 1 : 0;
    auto* key = call->handle();
    under_way.emplace(key, std::move(call));
  }

  void finish(CURL* handle, CURLcode how, std::string_view why = {}) {
    auto it = under_way.find(handle);
    if (it == under_way.end()) return;
    auto call = std::move(it->second);
    under_way.erase(it);
    if (call->urgent()) --urgent_under_way;
    auto outcome = call->outcome(how, why);
    // The connection is closed, or back in the pool, before anyone hears of the end: "lost" must mean that no byte can
    // leave any more.
    curl_multi_remove_handle(multi, handle);
    call->done(std::move(outcome));
  }

  void collect() {
    int left = 0;
    while (auto* message = curl_multi_info_read(multi, &left))
      if (message->msg == CURLMSG_DONE) finish(message->easy_handle, message->data.result);
  }

  bool must_stop() {
    std::lock_guard lock(mutex);
    return stopping;
  }

  void run() {
    while (!must_stop()) {
      admit();
      int running = 0;
      curl_multi_perform(multi, &running);
      collect();
      curl_multi_poll(multi, nullptr, 0, pause_ms(), nullptr);
    }
    end_all();
  }

  void end_all() {
    while (!under_way.empty()) finish(under_way.begin()->first, CURLE_ABORTED_BY_CALLBACK, "shutting down");
    std::deque<waiting_call> rest;
    {
      std::lock_guard lock(mutex);
      rest.swap(queue);
      for (auto& call : urgent) rest.push_back(std::move(call));
      urgent.clear();
    }
    for (auto& call : rest) call.done(not_tried("shutting down"));
  }
};

call_engine::call_engine(std::shared_ptr<engine> e)
    : engine_(std::move(e)) {}

caf::expected<std::shared_ptr<call_engine>> call_engine::make(call_engine_config cfg) {
  if (auto err = validate(cfg)) return err;
  static const auto global = curl_global_init(CURL_GLOBAL_DEFAULT);
  auto e = std::make_shared<engine>();
  e->limits = {cfg.header_bytes_max, cfg.idle_connection_max_s, cfg.ca_file};
  e->cfg = std::move(cfg);
  e->multi = global == CURLE_OK ? curl_multi_init() : nullptr;
  if (!e->multi) return fail(ec::unavailable, "wechat: libcurl cannot be started");
  curl_multi_setopt(e->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
  curl_multi_setopt(e->multi, CURLMOPT_MAXCONNECTS,
                    static_cast<long>(e->cfg.inflight_max) + static_cast<long>(e->cfg.urgent_inflight_max));
  try {
    // The thread keeps the engine: the last owner may be a callback that runs on it.
    e->thread = std::thread([e] { e->run(); });
  } catch (const std::system_error& err) {
    return fail(ec::unavailable, std::string("wechat: no thread for calls: ") + err.what());
  }
  return std::shared_ptr<call_engine>(new call_engine(std::move(e)));
}

call_engine::~call_engine() {
  stop();
}

void call_engine::start(http_call call, std::function<void(http_outcome)> done) {
  const char* refusal = nullptr;
  {
    std::lock_guard lock(engine_->mutex);
    auto& queue = call.urgent ? engine_->urgent : engine_->queue;
    if (engine_->stopping) {
      refusal = "shutting down";
    } else if (queue.size() >= engine_->cfg.queue_max) {
      refusal = "too many calls wait for a connection";
    } else {
      queue.push_back({std::move(call), std::move(done), engine::clock::now()});
      curl_multi_wakeup(engine_->multi);
    }
  }
  if (refusal) done(not_tried(refusal));
}

void call_engine::stop() {
  {
    std::lock_guard lock(engine_->mutex);
    if (!engine_->stopping) {
      engine_->stopping = true;
      curl_multi_wakeup(engine_->multi);
    }
  }
  if (!engine_->thread.joinable()) return;
  if (engine_->thread.get_id() == std::this_thread::get_id())
    engine_->thread.detach();
  else
    engine_->thread.join();
}

} // namespace qrwell::wechat
