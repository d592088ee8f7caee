#include "runtime/plan/windows.hpp"

#include <boost/test/unit_test.hpp>

#include <ctime>

using namespace qrwell;

namespace {

/// Unix ms of a UTC time.
int64_t utc(int year, int month, int day, int hour = 0, int minute = 0) {
  std::tm t{};
  t.tm_year = year - 1900;
  t.tm_mon = month - 1;
  t.tm_mday = day;
  t.tm_hour = hour;
  t.tm_min = minute;
  return int64_t{timegm(&t)} * 1000;
}

constexpr int64_t minute_ms = 60'000;

windows read(const std::vector<std::string>& lines, const std::string& zone) {
  auto parsed = parse_windows(lines, zone);
  BOOST_REQUIRE_MESSAGE(parsed.engaged(), (parsed ? std::string{} : render(parsed.error())));
  return std::move(*parsed);
}

void refuse(const std::string& line, const std::string& names) {
  auto parsed = parse_windows({line}, "UTC");
  BOOST_REQUIRE_MESSAGE(!parsed.engaged(), "accepted: " << line);
  BOOST_TEST((code_of(parsed.error()) == ec::invalid_config));
  auto text = render(parsed.error());
  BOOST_TEST(text.find(line) != std::string::npos);
  BOOST_TEST(text.find(names) != std::string::npos, text << " should name: " << names);
  BOOST_TEST(text.find("Allowed:") != std::string::npos);
}

/// Minutes of the 24 h from `from` with the share.
int minutes_open(const windows& w, int64_t from, double share, int hours = 24) {
  int n = 0;
  for (int i = 0; i < hours * 60; ++i) n += w.share_at(from + i * minute_ms) == share;
  return n;
}

} // namespace

BOOST_AUTO_TEST_SUITE(windows_suite)

BOOST_AUTO_TEST_CASE(the_example_of_the_configuration) {
  auto w =
      read({"daily 00:00-07:00", "mon-fri 13:00-17:00 share 40%", "except 2026-10-01..2026-10-07"}, "Asia/Shanghai");
  // Shanghai is UTC+8 all year. 2026-09-17 is a Thursday.
  BOOST_TEST(w.share_at(utc(2026, 9, 16, 16, 0)) == 1.0);  // Thu 00:00
  BOOST_TEST(w.share_at(utc(2026, 9, 16, 15, 59)) == 0.0); // Wed 23:59
  BOOST_TEST(w.share_at(utc(2026, 9, 16, 22, 59)) == 1.0); // 06:59
  BOOST_TEST(w.share_at(utc(2026, 9, 16, 23, 0)) == 0.0);  // 07:00
  BOOST_TEST(w.share_at(utc(2026, 9, 17, 5, 0)) == 0.4);   // 13:00
  BOOST_TEST(w.share_at(utc(2026, 9, 17, 9, 0)) == 0.0);   // 17:00
  BOOST_TEST(w.share_at(utc(2026, 9, 19, 5, 0)) == 0.0);   // Saturday 13:00
  BOOST_TEST(w.share_at(utc(2026, 9, 19, 17, 0)) == 1.0);  // Sunday 01:00
  BOOST_TEST(w.share_at(utc(2026, 9, 30, 15, 0)) == 0.0);  // 30 Sep 23:00
  BOOST_TEST(w.share_at(utc(2026, 9, 30, 17, 0)) == 0.0);  // 1 Oct 01:00: excepted
  BOOST_TEST(w.share_at(utc(2026, 10, 7, 15, 59)) == 0.0); // 7 Oct 23:59
  BOOST_TEST(w.share_at(utc(2026, 10, 7, 16, 0)) == 1.0);  // 8 Oct 00:00
  BOOST_TEST(w.next_change(utc(2026, 9, 30, 10, 0)) == utc(2026, 10, 7, 16, 0));
  BOOST_TEST(w.next_open(utc(2026, 9, 30, 10, 0)) == utc(2026, 10, 7, 16, 0));
  BOOST_TEST(w.next_change(utc(2026, 9, 17, 5, 0)) == utc(2026, 9, 17, 9, 0));
  BOOST_TEST(w.local_text(utc(2026, 9, 17, 5, 0)) == "2026-09-17 13:00");
}

BOOST_AUTO_TEST_CASE(shanghai_has_no_summer_time) {
  auto w = read({"daily 01:00-04:00"}, "Asia/Shanghai");
  for (int month = 1; month <= 12; ++month) BOOST_TEST(minutes_open(w, utc(2026, month, 10), 1) == 180);
}

BOOST_AUTO_TEST_CASE(berlin_springs_forward) {
  // 2026-03-29: 02:00 CET becomes 03:00 CEST, which is 01:00 UTC.
  auto midnight = utc(2026, 3, 28, 23, 0);
  BOOST_TEST(minutes_open(read({"daily 00:00-07:00"}, "Europe/Berlin"), midnight, 1, 23) == 6 * 60);
  auto into_gap = read({"daily 01:00-02:30"}, "Europe/Berlin"); // 02:30 is not there: ends with the change
  BOOST_TEST(into_gap.share_at(utc(2026, 3, 29, 0, 59)) == 1.0);
  BOOST_TEST(into_gap.share_at(utc(2026, 3, 29, 1, 0)) == 0.0);
  BOOST_TEST(into_gap.next_change(utc(2026, 3, 29, 0, 30)) == utc(2026, 3, 29, 1, 0));
  auto from_gap = read({"daily 02:30-05:00"}, "Europe/Berlin"); // begins with the change
  BOOST_TEST(from_gap.share_at(utc(2026, 3, 29, 0, 59)) == 0.0);
  BOOST_TEST(from_gap.share_at(utc(2026, 3, 29, 1, 0)) == 1.0);
  BOOST_TEST(from_gap.next_change(utc(2026, 3, 29, 1, 0)) == utc(2026, 3, 29, 3, 0));
  BOOST_TEST(minutes_open(read({"daily 02:10-02:50"}, "Europe/Berlin"), midnight, 1, 23) == 0); // wholly in the gap
}

BOOST_AUTO_TEST_CASE(berlin_falls_back) {
  // 2026-10-25: 03:00 CEST becomes 02:00 CET, which is 01:00 UTC. The hour from 02:00 comes twice.
  auto midnight = utc(2026, 10, 24, 22, 0);
  BOOST_TEST(minutes_open(read({"daily 00:00-07:00"}, "Europe/Berlin"), midnight, 1, 25) == 8 * 60);
  auto from_twice = read({"daily 02:30-04:00"}, "Europe/Berlin"); // from the first 02:30, uncut
  BOOST_TEST(minutes_open(from_twice, midnight, 1, 25) == 150);
  BOOST_TEST(from_twice.share_at(utc(2026, 10, 25, 0, 30)) == 1.0);
  BOOST_TEST(from_twice.share_at(utc(2026, 10, 25, 1, 15)) == 1.0); // the second 02:15
  BOOST_TEST(from_twice.next_change(utc(2026, 10, 25, 0, 30)) == utc(2026, 10, 25, 3, 0));
  auto to_twice = read({"daily 01:00-02:30"}, "Europe/Berlin"); // to the second 02:30
  BOOST_TEST(to_twice.next_change(utc(2026, 10, 24, 23, 0)) == utc(2026, 10, 25, 1, 30));
  // The day after is as ever.
  BOOST_TEST(minutes_open(from_twice, utc(2026, 10, 25, 23, 0), 1) == 90);
}

BOOST_AUTO_TEST_CASE(over_midnight_belongs_to_the_day_it_begins) {
  auto w = read({"fri 22:00-06:00"}, "UTC");          // 2026-09-18 is a Friday
  BOOST_TEST(w.share_at(utc(2026, 9, 18, 5)) == 0.0); // Friday 05:00 is of Thursday's night
  BOOST_TEST(w.share_at(utc(2026, 9, 18, 22)) == 1.0);
  BOOST_TEST(w.share_at(utc(2026, 9, 19, 5, 59)) == 1.0);
  BOOST_TEST(w.share_at(utc(2026, 9, 19, 6)) == 0.0);
  auto cut = read({"daily 22:00-06:00", "except 2026-09-19"}, "UTC");
  BOOST_TEST(cut.share_at(utc(2026, 9, 18, 23, 59)) == 1.0);
  BOOST_TEST(cut.share_at(utc(2026, 9, 19, 0, 0)) == 0.0);
  BOOST_TEST(cut.next_change(utc(2026, 9, 18, 23)) == utc(2026, 9, 19));
  BOOST_TEST(cut.next_change(utc(2026, 9, 19, 1)) == utc(2026, 9, 20));
}

BOOST_AUTO_TEST_CASE(days_wrap_and_whole_days_are_whole) {
  auto w = read({"sat-mon 00:00-24:00"}, "UTC"); // 2026-09-19 is a Saturday
  BOOST_TEST(w.share_at(utc(2026, 9, 18, 23, 59)) == 0.0);
  BOOST_TEST(minutes_open(w, utc(2026, 9, 19), 1, 72) == 72 * 60);
  BOOST_TEST(w.next_change(utc(2026, 9, 19)) == utc(2026, 9, 22));
  BOOST_TEST(minutes_open(read({"daily 08:00-08:00"}, "UTC"), utc(2026, 9, 19), 1) == 24 * 60); // end at start: a day
}

BOOST_AUTO_TEST_CASE(the_largest_share_counts_and_every_edge_is_seen) {
  auto w = read({"daily 22:00-06:00 share 20%", "daily 01:00-02:00 share 50%", "daily 01:30-01:45 share 30%"}, "UTC");
  BOOST_TEST(w.share_at(utc(2026, 9, 19, 1, 40)) == 0.5);
  BOOST_TEST(w.next_change(utc(2026, 9, 18, 23)) == utc(2026, 9, 19, 1));
  BOOST_TEST(w.next_change(utc(2026, 9, 19, 1)) == utc(2026, 9, 19, 2));
  BOOST_TEST(w.next_change(utc(2026, 9, 19, 2)) == utc(2026, 9, 19, 6));
}

BOOST_AUTO_TEST_CASE(next_change_agrees_with_share_at_through_a_year) {
  auto w = read({"daily 23:30-02:30 share 70%", "sun 02:00-03:00", "mon-wed 02:15-02:45 share 10%", "except 2026-03-29",
                 "except 2026-10-24..2026-10-25"},
                "Europe/Berlin");
  for (int64_t t = utc(2026, 1, 1); t < utc(2027, 1, 1);) {
    auto next = w.next_change(t);
    BOOST_REQUIRE(next > t);
    BOOST_REQUIRE(w.share_at(next) != w.share_at(next - 1));
    auto now = w.share_at(t);
    for (auto at = t; at < next; at += 5 * minute_ms) BOOST_REQUIRE(w.share_at(at) == now);
    t = next;
  }
}

BOOST_AUTO_TEST_CASE(without_windows_always) {
  for (auto& w : {windows{}, read({}, "Asia/Shanghai")}) {
    BOOST_TEST(w.share_at(utc(2026, 9, 19, 11)) == 1.0);
    BOOST_TEST(w.next_change(utc(2026, 9, 19, 11)) == 0);
  }
  auto w = read({"except 2026-09-20"}, "UTC");
  BOOST_TEST(w.share_at(utc(2026, 9, 19, 23, 59)) == 1.0);
  BOOST_TEST(w.share_at(utc(2026, 9, 20)) == 0.0);
  BOOST_TEST(w.next_change(utc(2026, 9, 20, 5)) == utc(2026, 9, 21));
}

BOOST_AUTO_TEST_CASE(errors_name_the_text_and_the_forms) {
  refuse("", "does not begin with");
  refuse("nightly 00:00-07:00", "does not begin with");
  refuse("mon-fry 00:00-07:00", "does not begin with");
  refuse("Mon 00:00-07:00", "does not begin with");
  refuse("daily", "HH:MM-HH:MM");
  refuse("daily 7:00-08:00", "7:00-08:00");
  refuse("daily 24:00-08:00", "24:00-08:00");
  refuse("daily 00:00-24:01", "24:01");
  refuse("daily 00:00-12:60", "12:60");
  refuse("daily 00:00-07:00 share 0%", "from 1 to 100");
  refuse("daily 00:00-07:00 share 101%", "from 1 to 100");
  refuse("daily 00:00-07:00 share 40", "from 1 to 100");
  refuse("daily 00:00-07:00 at 40%", "from 1 to 100");
  refuse("daily 00:00-07:00 40%", "HH:MM-HH:MM");
  refuse("daily 00:00-+7:00", "+7:00");
  refuse("except", "one date");
  refuse("except 2026-02-30", "2026-02-30");
  refuse("except 2026-10-07..2026-10-01", "ends before");
  refuse("except 2026-10-01 .. 2026-10-07", "without spaces");
  auto zone = parse_windows({"daily 00:00-07:00"}, "Asia/Shangai");
  BOOST_REQUIRE(!zone.engaged());
  BOOST_TEST(render(zone.error()).find("Asia/Shangai") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
