#include "runtime/http/date_line.hpp"

#include <fmt/format.h>

#include <chrono>

namespace qrwell::http {

void date_line::write(int64_t second) {
  using namespace std::chrono;
  constexpr const char* days_of_week[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  sys_seconds time{seconds{second}};
  auto midnight = floor<days>(time);
  year_month_day date{midnight};
  hh_mm_ss clock{time - midnight};
  second_ = second;
  text_ = fmt::format("Date: {}, {:02} {} {:04} {:02}:{:02}:{:02} GMT\r\n",
                      days_of_week[weekday{midnight}.c_encoding()], static_cast<unsigned>(date.day()),
                      months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                      clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

} // namespace qrwell::http
