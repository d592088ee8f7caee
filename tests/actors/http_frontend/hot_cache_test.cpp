#include "actors/http_frontend/hot_cache.hpp"

#include <boost/test/unit_test.hpp>

#include <map>

using namespace qrwell;

namespace {

std::string answer(std::string_view body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

hot_scene ready(const std::string& id, uint32_t version = 1, int64_t expires_ms = 0) {
  return {id, answer(id + std::to_string(version)), version, expires_ms};
}

std::map<std::pair<std::string, uint32_t>, uint64_t> counts_of(hot_cache& cache) {
  std::map<std::pair<std::string, uint32_t>, uint64_t> out;
  for (const auto& c : cache.take_counts()) out[{c.id, c.launch}] += c.count;
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(hot_cache_suite)

BOOST_AUTO_TEST_CASE(an_answer_is_found_until_it_expires_or_is_forgotten) {
  hot_cache cache(10, 100'000);
  cache.put(ready("a", 1, 1'000));
  cache.put(ready("b"));
  BOOST_TEST(cache.find("a", 0, 999).answer == answer("a1"));
  auto hit = cache.find("b", 0, 999);
  BOOST_TEST(hit.answer.substr(hit.body_at) == "b1");
  BOOST_TEST(cache.find("a", 0, 1'000).answer.empty());
  BOOST_TEST(cache.entries() == 1u);
  cache.forget("b");
  cache.forget("never there");
  BOOST_TEST(cache.find("b", 0, 999).answer.empty());
  BOOST_TEST(cache.entries() == 0u);
  BOOST_TEST(cache.bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(an_older_version_does_not_come_back) {
  hot_cache cache(10, 100'000);
  cache.put(ready("a", 2));
  cache.put(ready("a", 1));
  BOOST_TEST(cache.find("a", 0, 0).answer == answer("a2"));
  cache.put(ready("a", 3));
  BOOST_TEST(cache.find("a", 0, 0).answer == answer("a3"));
  BOOST_TEST(cache.entries() == 1u);
}

BOOST_AUTO_TEST_CASE(only_a_whole_200_is_kept) {
  hot_cache cache(10, 100'000);
  cache.put({"a", "HTTP/1.1 404 Not Found\r\n\r\n", 1, 0});
  cache.put({"b", "HTTP/1.1 200 OK\r\n", 1, 0});
  cache.put({"c", "", 1, 0});
  BOOST_TEST(cache.entries() == 0u);
  hot_cache none(0, 100'000);
  none.put(ready("a"));
  BOOST_TEST(none.entries() == 0u);
}

BOOST_AUTO_TEST_CASE(it_stays_within_entries_and_bytes_and_keeps_what_is_asked_for) {
  hot_cache cache(100, 100'000'000);
  cache.put(ready("hot"));
  for (int i = 0; i < 10'000; ++i) {
    cache.find("hot", 0, 0);
    cache.put(ready("cold" + std::to_string(i)));
    BOOST_REQUIRE(cache.entries() <= 100u);
  }
  BOOST_TEST(!cache.find("hot", 0, 0).answer.empty());
  hot_cache narrow(1'000'000, 50'000);
  for (int i = 0; i < 10'000; ++i) {
    narrow.put(ready(std::to_string(i)));
    BOOST_REQUIRE(narrow.bytes() <= 50'000u);
  }
  BOOST_TEST(narrow.entries() > 50u);
  narrow.put({"huge", answer(std::string(60'000, 'x')), 1, 0});
  BOOST_TEST(narrow.find("huge", 0, 0).answer.empty());
}

BOOST_AUTO_TEST_CASE(every_scan_is_counted_once_by_id_and_launch) {
  hot_cache cache(2, 100'000);
  cache.put(ready("a"));
  cache.put(ready("b"));
  for (int i = 0; i < 3; ++i) cache.find("a", 1047, 0);
  cache.find("a", 1011, 0);
  cache.find("a", 1047, 0);
  cache.find("b", 0, 0);
  cache.find("c", 0, 0);
  cache.put(ready("d")); // somebody leaves, with its counts
  cache.put(ready("e"));
  auto counts = counts_of(cache);
  BOOST_TEST(counts.size() == 3u);
  BOOST_TEST((counts[{"a", 1047}]) == 4u);
  BOOST_TEST((counts[{"a", 1011}]) == 1u);
  BOOST_TEST((counts[{"b", 0}]) == 1u);
  BOOST_TEST(cache.take_counts().empty());
  cache.find("e", 7, 0);
  BOOST_TEST(counts_of(cache).size() == 1u);
}

BOOST_AUTO_TEST_CASE(counts_ask_to_be_taken_before_they_grow) {
  hot_cache cache(10, 100'000);
  cache.put(ready("a"));
  for (uint32_t launch = 0; launch < 4'096; ++launch) cache.find("a", launch, 0);
  BOOST_TEST(!cache.counts_due());
  cache.find("a", 5'000, 0);
  BOOST_TEST(cache.counts_due());
  BOOST_TEST(counts_of(cache).size() == 4'097u);
  BOOST_TEST(!cache.counts_due());
}

BOOST_AUTO_TEST_SUITE_END()
