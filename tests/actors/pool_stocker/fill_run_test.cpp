#include "actors/pool_stocker/fill_run.hpp"

#include "tests/actors/pool_stocker/core_bench.hpp"

using namespace qrwell;
using namespace qrwell::test;

namespace {

grant_ticket three() {
  return {1, 2, 3, {"a", "b", "c"}, 0};
}

image_verdict good_image() {
  image_verdict v;
  v.format = "jpeg";
  v.sha[0] = 9;
  return v;
}

void end(fill_run& run, fetched_code code, std::string_view fault = {}) {
  auto image = good_image();
  image.fault = fault;
  auto verdict = judge(code, fault);
  run.ended(std::move(code), verdict, image, 42);
}

fetched_code plain(const std::string& id, fetch_outcome outcome) {
  fetched_code out;
  out.id = id;
  out.outcome = outcome;
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(fill_run_suite)

BOOST_AUTO_TEST_CASE(a_clean_grant) {
  fill_run run{three(), 7, quota_class::stock, {}};
  for (auto id : {"a", "b", "c"}) BOOST_TEST(*run.next() == id);
  BOOST_TEST(!run.next().has_value());
  for (auto id : {"b", "a", "c"}) end(run, image_of(id, 1));
  BOOST_TEST(run.over());
  auto close = run.close(50, "", {});
  check_books(close);
  BOOST_TEST(close.sent == 3u);
  BOOST_TEST(close.gen_id == 7u);
  BOOST_TEST(close.epoch == 2u);
  BOOST_TEST(close.seq == 3u);
  BOOST_TEST(close.lot_size == 50u);
  BOOST_REQUIRE(close.stocked.size() == 3u);
  BOOST_TEST(close.stocked[0].id == "b");
  BOOST_TEST(close.stocked[0].image_format == "jpeg");
  BOOST_TEST(close.stocked[0].image_bytes > 100u);
  BOOST_TEST(close.stocked[0].image_sha[0] == 9);
  BOOST_TEST(close.stocked[0].fetched_ms == 42);
  auto files = run.take_images();
  BOOST_TEST(files.images.size() == 3u);
  BOOST_TEST(files.images[0].data.size() == close.stocked[0].image_bytes);
}

BOOST_AUTO_TEST_CASE(a_retry_takes_a_unit_that_is_left) {
  fill_run run{three(), 7, quota_class::stock, {}};
  run.next();
  end(run, refusal_of("a", -1));
  run.next();
  run.next(); // b and c: no unit is left for a
  BOOST_TEST(!run.next().has_value());
  end(run, image_of("b", 1));
  end(run, plain("c", fetch_outcome::never_written)); // its unit is back, but nothing can be written at present
  BOOST_TEST(run.over());
  auto carried = run.take_carried();
  BOOST_REQUIRE(carried.size() == 1u); // c was never asked for
  BOOST_TEST(carried[0].id == "a");
  BOOST_TEST(carried[0].attempts == 1u);
  auto close = run.close(10, "", {});
  check_books(close);
  BOOST_TEST(close.sent == 2u);
  BOOST_TEST(close.dead.empty());
}

BOOST_AUTO_TEST_CASE(a_carried_id_keeps_its_attempts) {
  fill_run run{three(), 7, quota_class::stock, {{"a", 2, "wechat_-1", true}}};
  run.next();
  end(run, plain("a", fetch_outcome::lost));
  auto close = run.close(10, "", {});
  check_books(close);
  BOOST_TEST(close.lost == 1u);
  BOOST_REQUIRE(close.dead.size() == 1u);
  BOOST_TEST(close.dead[0].reason == "lost");
  BOOST_TEST(run.dead_that_count() == 1u);
}

BOOST_AUTO_TEST_CASE(codes_that_limits_killed_do_not_count_against_the_pool) {
  fill_run run{three(), 7, quota_class::stock, {{"a", 2, "wechat_45009", false}}};
  run.next();
  end(run, refusal_of("a", 45009));
  BOOST_TEST(run.over());
  BOOST_TEST(run.close(10, "", {}).dead.size() == 1u);
  BOOST_TEST(run.dead_that_count() == 0u);
}

BOOST_AUTO_TEST_CASE(a_wrong_image_is_not_asked_for_again) {
  fill_run run{three(), 7, quota_class::stock, {}};
  auto id = *run.next();
  auto verdict = judge(image_of(id, 1), "byte_equal");
  image_verdict image;
  image.fault = "byte_equal";
  run.ended(image_of(id, 1), verdict, image, 0);
  run.stop();
  auto end = run.close(10, "", {});
  BOOST_REQUIRE(end.dead.size() == 1u);
  BOOST_TEST(end.dead[0].reason == "byte_equal");
  BOOST_TEST(run.take_carried().empty());
  BOOST_TEST(run.dead_that_count() == 1u);
}

BOOST_AUTO_TEST_CASE(what_each_answer_means) {
  BOOST_TEST((judge(image_of("a", 1), "").next == next_step::keep));
  auto bad = judge(image_of("a", 1), "wrong_size");
  BOOST_TEST((bad.next == next_step::bury));
  BOOST_TEST(bad.outcome == "bad_images");
  BOOST_TEST(bad.reason == "wrong_size");
  for (int32_t code : {-1, 40001, 40014, 42001, 41001, 99999})
    BOOST_TEST((judge(refusal_of("a", code), "").next == next_step::retry));
  for (int32_t code : {45009, 45011, 44990, 45063}) {
    auto v = judge(refusal_of("a", code), "");
    BOOST_TEST((v.next == next_step::slow_down));
    BOOST_TEST(v.limit == (code == 45009 || code == 45011));
    BOOST_TEST(!v.counts);
  }
  for (int32_t code : {41030, 40097, 40129, 40169, 85096, 47001, 48001, 50007}) {
    auto v = judge(refusal_of("a", code), "");
    BOOST_TEST((v.next == next_step::stop));
    BOOST_TEST(v.outcome == "error_" + std::to_string(code));
    BOOST_TEST(v.sentence.find(std::to_string(code)) != std::string::npos);
  }
  BOOST_TEST((judge(refusal_of("a", 40164), "").next == next_step::wait));
  BOOST_TEST((judge(plain("a", fetch_outcome::never_written), "").how == unit_end::never_written));
  BOOST_TEST(judge(plain("a", fetch_outcome::never_written), "").outcome == "");
  BOOST_TEST((judge(plain("a", fetch_outcome::lost), "").how == unit_end::lost));
  BOOST_TEST(judge(plain("a", fetch_outcome::not_an_answer), "").outcome == "bad_images");
}

BOOST_AUTO_TEST_SUITE_END()
