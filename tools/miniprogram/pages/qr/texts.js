// What a person reads. Each kind has one button: ask again where that may help, else the home page.

const kind = (title, text, button) => ({ title, text, button });

const zh = {
  busy: kind('正在打开…', '', ''),
  unknown: kind('无法识别这个码', '没有找到它的内容。请重新完整扫描；仍然如此，请联系码的提供方。', '返回首页'),
  revoked: kind('这个码已停用', '提供方已经停用了它。如有需要，请联系提供方。', '返回首页'),
  expired: kind('这个码已过期', '它的有效期已过。如有需要，请联系提供方换一个新的。', '返回首页'),
  away: kind('暂时打不开', '服务正忙或网络不稳定，请稍后重试。', '重试'),
  offline: kind('没有网络连接', '请检查网络设置后重试。', '重试'),
  noCode: kind('请扫码进入', '这个页面需要通过扫码打开。', '返回首页'),
  missing: kind('页面打不开', '当前版本的小程序没有这个页面。请关闭小程序后重新扫码。', '返回首页'),
};

const en = {
  busy: kind('Opening…', '', ''),
  unknown: kind('We do not know this code', 'Please scan all of it once more, or ask whoever gave it to you.', 'Home page'),
  revoked: kind('This code was withdrawn', 'If you need what it led to, ask whoever gave it to you.', 'Home page'),
  expired: kind('This code has expired', 'If you need a new one, ask whoever gave it to you.', 'Home page'),
  away: kind('Cannot open this right now', 'The service is busy or the connection is weak. Please try again.', 'Try again'),
  offline: kind('No network', 'Please check the connection of your phone, then try again.', 'Try again'),
  noCode: kind('Please scan a code', 'This page is opened by scanning a code.', 'Home page'),
  missing: kind('Cannot open this page', 'This version does not have it. Please close the mini program and scan again.',
    'Home page'),
};

/// `language` as WeChat says it: zh_CN, zh_TW, en, ...; without one, Chinese.
function textOf(name, language) {
  return (/^(zh|$)/i.test(language || '') ? zh : en)[name];
}

module.exports = { textOf, zh, en };
