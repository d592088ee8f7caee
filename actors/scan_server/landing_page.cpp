#include "actors/scan_server/landing_page.hpp"

#include <fmt/format.h>

namespace qrwell {
namespace {

struct words {
  const char *title_zh, *text_zh, *title_en, *text_en;
};

const words& words_of(ec what) {
  static const words works{"请用微信扫码", "这是一个小程序码，请打开微信，用“扫一扫”扫描它。",
                           "Please scan with WeChat",
                           "This code opens a WeChat mini-program. Open WeChat and use Scan on it."};
  static const words unknown{"没有这个码", "请检查链接是否完整，或者重新扫描。", "No such code",
                             "Check that the link is complete, or scan the code again."};
  static const words revoked{"这个码已停用", "发布者已将它停用，请向发布者获取新的码。", "This code was withdrawn",
                             "Its owner has withdrawn it. Please ask them for a new one."};
  static const words expired{"这个码已过期", "它的有效期已过，请向发布者获取新的码。", "This code has expired",
                             "Its time is over. Please ask its owner for a new one."};
  static const words away{"暂时无法打开", "服务暂时不可用，请稍后再试。", "Not available right now",
                          "The service cannot be reached at the moment. Please try again shortly."};
  switch (what) {
  case ec::none:
    return works;
  case ec::unknown_code:
  case ec::not_found:
  case ec::invalid_request:
    return unknown;
  case ec::revoked:
    return revoked;
  case ec::expired:
    return expired;
  default:
    return away;
  }
}

constexpr const char* page = R"(<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{0} · {2}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ margin: 0; min-height: 100vh; display: grid; place-content: center; padding: 1.5rem; box-sizing: border-box;
  font: 1.125rem/1.6 system-ui, sans-serif; background: Canvas; color: CanvasText; text-align: center }}
section {{ max-width: 32rem; margin: 1rem 0 }}
h1, h2 {{ font-size: 1.4rem; margin: 0 0 .5rem }}
p {{ margin: 0 }}
</style>
</head>
<body>
<main>
<section><h1>{0}</h1><p>{1}</p></section>
<section lang="en"><h2>{2}</h2><p>{3}</p></section>
</main>
</body>
</html>
)";

} // namespace

std::string landing_page(ec what) {
  const auto& w = words_of(what);
  return fmt::format(fmt::runtime(page), w.title_zh, w.text_zh, w.title_en, w.text_en);
}

} // namespace qrwell
