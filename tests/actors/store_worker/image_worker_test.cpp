#include "actors/store_worker/image_worker.hpp"

#include "tests/support/det_fixture.hpp"

#include <boost/json.hpp>

using namespace qrwell;

namespace {

/// Remembers in which order it was called.
struct memory_images final : image_store {
  std::vector<std::string>* calls;
  std::map<std::string, bytes> files;
  caf::error broken;

  explicit memory_images(std::vector<std::string>* log)
      : calls(log) {}

  caf::expected<void> put(const images_put& images) override {
    calls->push_back("put " + images.images.at(0).id);
    if (broken) return broken;
    for (auto& i : images.images) files[i.id] = i.data;
    return caf::unit;
  }
  caf::expected<image_data> get(const image_get& query) override {
    calls->push_back("get " + query.id);
    if (query.id == "throw") throw std::runtime_error("no such luck");
    auto i = files.find(query.id);
    return i == files.end() ? image_data{} : image_data{true, i->second};
  }
  caf::expected<void> drop(const images_drop& images) override {
    calls->push_back("drop");
    for (auto& id : images.ids) files.erase(id);
    return caf::unit;
  }
  caf::expected<free_space> space() override { return free_space{77}; }
};

struct fixture : test::det_fixture {
  vitals_registry registry;
  std::vector<std::string> calls;
  memory_images* images = nullptr;
  std::vector<std::string> fatal;

  image_worker_actor start(size_t waiting_max = 100) {
    auto store = std::make_unique<memory_images>(&calls);
    images = store.get();
    store_worker_config settings;
    settings.name = "images";
    settings.lane_waiting_max = waiting_max;
    settings.on_fatal = [this](const caf::error& e) { fatal.push_back(render(e)); };
    return spawn(image_worker, registry.enroll("image_worker", "images"), settings,
                 std::unique_ptr<image_store>{std::move(store)});
  }
};

boost::json::object facts_of(const actor_status& s) {
  return boost::json::parse(s.facts).as_object();
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(image_worker_suite, fixture)

BOOST_AUTO_TEST_CASE(what_was_put_is_got_until_it_is_dropped) {
  auto worker = start();
  BOOST_TEST(ask<done>(worker, images_put{{{"a", "png", {1, 2, 3}}}}).engaged());
  BOOST_TEST(ask<image_data>(worker, image_get{"a", "png"})->data == (bytes{1, 2, 3}));
  BOOST_TEST(ask<done>(worker, images_drop{{"a"}}).engaged());
  BOOST_TEST(!ask<image_data>(worker, image_get{"a", "png"})->found);
  BOOST_TEST(ask<free_space>(worker, space_query{})->free_bytes == 77u);
}

BOOST_AUTO_TEST_CASE(messages_in_the_mailbox_are_ordered_before_they_run) {
  auto worker = start();
  self->send(worker, images_drop{{"x"}});
  self->send(worker, images_put{{{"a", "png", {}}}});
  self->send(worker, image_get{"b", "png"});
  self->send(worker, images_put{{{"c", "png", {}}}});
  self->send(worker, image_get{"d", "png"});
  run();
  // The first job's tick was under way behind these messages.
  BOOST_TEST(calls == (std::vector<std::string>{"get b", "get d", "put a", "put c", "drop"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(past_the_limit_of_a_lane_the_answer_is_overloaded_and_the_rest_is_served) {
  auto worker = start(2);
  std::vector<std::string> ends;
  sys.spawn([&ends, worker](caf::event_based_actor* me) {
    for (int i = 0; i < 3; ++i)
      me->request(worker, std::chrono::seconds(10), image_get{std::to_string(i), "png"})
          .then([&ends](const image_data&) { ends.push_back("answered"); },
                [&ends](const caf::error& e) { ends.push_back(std::string(to_string(code_of(e)))); });
  });
  run();
  BOOST_TEST(ends == (std::vector<std::string>{"overloaded", "answered", "answered"}),
             boost::test_tools::per_element());
  auto status = *ask<actor_status>(worker, status_query{});
  BOOST_TEST(facts_of(status)["lanes"].at("get").at("refused").as_int64() == 1);
}

BOOST_AUTO_TEST_CASE(an_exception_of_an_engine_is_an_error_and_not_the_workers_end) {
  auto worker = start();
  auto thrown = ask<image_data>(worker, image_get{"throw", "png"});
  BOOST_TEST(!thrown);
  BOOST_TEST((code_of(thrown.error()) == ec::internal));
  BOOST_TEST(ask<free_space>(worker, space_query{}).engaged());
}

BOOST_AUTO_TEST_CASE(a_fault_of_the_engine_shows_in_the_status_until_it_works_again) {
  auto worker = start();
  images->broken = fail(ec::disk_full, "no room on /images");
  BOOST_TEST((code_of(ask<done>(worker, images_put{{{"a", "png", {}}}}).error()) == ec::disk_full));
  BOOST_TEST(ask<actor_status>(worker, status_query{})->problem == "disk_full: no room on /images");
  images->broken = {};
  ask<done>(worker, images_put{{{"a", "png", {}}}});
  BOOST_TEST(ask<actor_status>(worker, status_query{})->problem == "");
  BOOST_TEST(fatal.empty());
}

BOOST_AUTO_TEST_CASE(a_corrupt_store_is_reported_once) {
  auto worker = start();
  images->broken = fail(ec::store_corrupt, "page 7");
  for (int i = 0; i < 3; ++i) ask<done>(worker, images_put{{{"a", "png", {}}}});
  BOOST_TEST(fatal == (std::vector<std::string>{"store_corrupt: page 7"}), boost::test_tools::per_element());
}

// CAF 0.17 answers nothing for a promise that is dropped: the client would wait for its own time-out.
BOOST_AUTO_TEST_CASE(jobs_that_wait_when_the_worker_ends_are_answered) {
  for (auto reason : {caf::exit_reason::user_shutdown, caf::exit_reason::kill}) {
    auto worker = start();
    std::vector<std::string> ends;
    sys.spawn([&ends, worker](caf::event_based_actor* me) {
      for (int i = 0; i < 2; ++i)
        me->request(worker, std::chrono::seconds(10), image_get{std::to_string(i), "png"})
            .then([&ends](const image_data&) { ends.push_back("answered"); },
                  [&ends](const caf::error& e) { ends.push_back(std::string(to_string(code_of(e)))); });
    });
    sched.run_once(); // the client asks
    caf::anon_send_exit(worker, reason);
    run();
    BOOST_TEST(ends.size() == 2u);
    for (auto& end : ends) BOOST_TEST(end == "shutting_down");
  }
}

BOOST_AUTO_TEST_CASE(the_slowest_job_shows) {
  auto worker = start();
  ask<free_space>(worker, space_query{});
  auto facts = facts_of(*ask<actor_status>(worker, status_query{}));
  BOOST_TEST(facts["done"].as_int64() == 1);
  BOOST_TEST(facts["slowest"].at("job").is_string());
}

BOOST_AUTO_TEST_CASE(a_config_without_bounds_is_refused) {
  store_worker_config settings;
  BOOST_TEST((code_of(validate(settings)) == ec::invalid_config));
  settings.name = "w";
  BOOST_TEST(!validate(settings));
  settings.lane_waiting_max = 0;
  BOOST_TEST((code_of(validate(settings)) == ec::invalid_config));
}

BOOST_AUTO_TEST_SUITE_END()
