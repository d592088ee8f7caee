'use strict';

// index.js as WeChat runs it: what it asks, where it goes, what it says, and that nobody is moved who has left.

const assert = require('node:assert');
const { test } = require('node:test');
const { kit, page, id, config, scene, problem, brought, phone } = require('./fake_wx.js');
const { VirtualTime } = require('./virtual_time.js');
const { zh, en } = require(`${kit}/texts.js`);

const good = { status: 200, data: scene() };
const long = 60000;

/// Opens the page and lets everything happen that happens by itself.
function scan(options, query = { scene: id }) {
  const it = phone(options);
  const opened = it.open(query);
  it.time.advance(long);
  return { ...it, opened, shown: opened.data, sent: it.network.requests };
}

function says(shown, text) {
  assert.deepStrictEqual(shown, { busy: false, ...text });
}

test('a scanned code opens its page', () => {
  const it = scan();
  assert.deepStrictEqual(it.went, [['redirectTo', '/pages/house/detail?house=8841']]);
  assert.deepStrictEqual(it.sent.map((sent) => sent.url), [`${config.base}/v1/scenes/${id}?launch=1047`]);
});

test('until it opens, the page says that it is busy', () => {
  const it = phone({ answers: ['silence'] });
  const opened = it.open({ scene: id });
  assert.deepStrictEqual(opened.data, { busy: true, ...en.busy });
});

test('a scanned ordinary link opens its page', () => {
  const link = `https://q.example.cn/${id}`;
  for (const q of [encodeURIComponent(link), encodeURIComponent(encodeURIComponent(link))]) {
    const it = scan({ launch: 1011 }, { q, scancode_time: '1767225600' });
    assert.strictEqual(it.sent[0].url, `${config.base}/v1/scenes?q=${encodeURIComponent(link)}&launch=1011`);
    assert.strictEqual(it.went.length, 1);
  }
});

test('the launch is that of this entry; older versions have only that of the first start', () => {
  assert.match(scan({ launch: 1048 }).sent[0].url, /launch=1048$/);
  assert.match(scan({ without: ['getEnterOptionsSync'] }).sent[0].url, /launch=1001$/);
});

test('without a code nothing is asked, and the button leads home', () => {
  const it = scan({}, {});
  assert.strictEqual(it.sent.length, 0);
  says(it.shown, en.noCode);
  it.opened.onButton();
  assert.deepStrictEqual(it.went, [['reLaunch', '/pages/index/index']]);
});

test('unknown, revoked and expired are said in both languages, and the button leads home', () => {
  for (const [status, code, kind] of [[404, 'unknown_code', 'unknown'], [410, 'revoked', 'revoked'], [410, 'expired', 'expired']]) {
    for (const [language, texts] of [['zh_CN', zh], ['zh_TW', zh], ['en', en], ['fr', en]]) {
      const it = scan({ answers: [problem(status, code)], language });
      says(it.shown, texts[kind]);
      it.opened.onButton();
      assert.deepStrictEqual(it.went, [['reLaunch', '/pages/index/index']]);
      assert.strictEqual(it.sent.length, 1);
    }
  }
});

test('older versions say their language in another way', () => {
  says(scan({ answers: [problem(410, 'revoked')], language: 'zh_CN', without: ['getAppBaseInfo'] }).shown, zh.revoked);
});

test('while the service is away the button asks again, and then goes on', () => {
  const away = problem(503, 'unavailable');
  const it = scan({ answers: [away, away, away, good] });
  says(it.shown, en.away);
  assert.strictEqual(it.sent.length, 3);
  it.opened.onButton();
  assert.strictEqual(it.opened.data.busy, true);
  assert.strictEqual(it.opened.data.button, '');
  it.time.advance(long);
  assert.strictEqual(it.sent.length, 4);
  assert.strictEqual(it.went.length, 1);
});

test('tapping twice asks once', () => {
  const it = scan({ answers: [{ status: 403, data: {} }, 'silence'] });
  it.opened.onButton();
  it.opened.onButton();
  assert.strictEqual(it.sent.length, 2);
  assert.deepStrictEqual(it.tried, []);
});

test('a page that is shown twice asks once', () => {
  const it = phone({ answers: ['silence'] });
  it.open({ scene: id }).onShow();
  assert.strictEqual(it.network.requests.length, 1);
});

test('without a network it says so, and asks again when the person comes back', () => {
  const it = scan({ answers: [{ fail: 'request:fail net::ERR_INTERNET_DISCONNECTED' }, good], networkType: 'none' });
  says(it.shown, en.offline);
  it.opened.onHide();
  it.time.advance(long);
  assert.strictEqual(it.sent.length, 1);
  it.opened.onShow();
  it.time.advance(long);
  assert.strictEqual(it.went.length, 1);
});

test('a final word is not asked about again when the person comes back', () => {
  const it = scan({ answers: [problem(410, 'revoked')] });
  it.opened.onHide();
  it.opened.onShow();
  it.time.advance(long);
  assert.strictEqual(it.sent.length, 1);
  says(it.shown, en.revoked);
});

// Leaving.

test('who leaves while it resolves is not redirected later', () => {
  for (const leave of ['onHide', 'onUnload']) {
    for (const afterMs of [0, 40, 1999, 2004]) {
      const it = phone({ answers: [{ ...good, afterMs: 2000 }] });
      it.network.deaf = true;
      const opened = it.open({ scene: id });
      it.time.advance(afterMs);
      opened[leave]();
      it.time.advance(long);
      // Once WeChat was told to open the page, it does.
      assert.strictEqual(it.went.length, afterMs < 2000 ? 0 : 1, `${leave} after ${afterMs} ms`);
    }
  }
});

test('who leaves between two attempts causes no further request', () => {
  const it = phone({ answers: [problem(503, 'unavailable')] });
  const opened = it.open({ scene: id });
  it.time.advance(100);
  opened.onUnload();
  it.time.advance(long);
  assert.strictEqual(it.network.requests.length, 1);
  assert.strictEqual(it.time.timers.size, 0);
});

test('who comes back while it resolved is served anew', () => {
  const it = phone({ answers: ['silence', good] });
  const opened = it.open({ scene: id });
  it.time.advance(1000);
  opened.onHide();
  it.time.advance(long);
  opened.onShow();
  it.time.advance(long);
  assert.strictEqual(it.network.requests.length, 2);
  assert.strictEqual(it.went.length, 1);
});

test('who leaves while the target is refused is not moved to a tab page and is told nothing', () => {
  const it = phone({ answers: [good], pages: [] });
  const opened = it.open({ scene: id });
  it.time.advance(52); // answered; the refusal of redirectTo is under way
  opened.onUnload();
  it.time.advance(long);
  assert.deepStrictEqual(it.went, []);
  assert.deepStrictEqual(it.said, []);
});

test('who leaves while a tab page is found out is not switched to it', () => {
  const it = phone({ answers: [{ status: 200, data: scene({ url: 'pages/me/me' }) }], tabs: ['pages/me/me'] });
  const opened = it.open({ scene: id });
  it.time.advance(52);
  opened.onHide();
  it.time.advance(long);
  assert.deepStrictEqual(it.tried, ['redirectTo']);
});

test('who leaves while a tab page is refused is told nothing', () => {
  const it = phone({ answers: [{ status: 200, data: scene({ url: 'pages/list/list' }) }], tabs: [] });
  const opened = it.open({ scene: id });
  it.time.advance(52);
  opened.onHide();
  it.time.advance(long);
  assert.deepStrictEqual(it.said, []);
});

// Where it goes.

test('a page that is not in this version is said kindly', () => {
  const it = scan({ pages: [] });
  says(it.shown, en.missing);
  assert.deepStrictEqual(it.went, []);
  assert.match(it.said[0], /pages\/house\/detail, is it in app\.json\?.*is not found/);
  assert.ok(!('qrwellQuery' in it.app.globalData));
});

test('a page whose package did not load can be tried again', () => {
  says(scan({ redirectFails: 'timeout' }).shown, en.away);
});

test('a tab page is switched to, and finds its query in globalData', () => {
  const target = { path: 'pages/list/list', query: { city: '深圳' }, url: 'pages/list/list?city=%E6%B7%B1%E5%9C%B3' };
  const it = scan({ answers: [{ status: 200, data: scene(target) }] });
  assert.deepStrictEqual(it.tried, ['switchTab']);
  assert.deepStrictEqual(it.went, [['switchTab', '/pages/list/list']]);
  assert.deepStrictEqual(it.app.globalData.qrwellQuery, { page: 'pages/list/list', query: { city: '深圳' } });
});

test('a tab page that the configuration does not list is found by falling back', () => {
  const target = { path: 'pages/me/me', query: 'a=1', url: 'pages/me/me?a=1' };
  const it = scan({ answers: [{ status: 200, data: scene(target) }], tabs: ['pages/me/me'] });
  assert.deepStrictEqual(it.went, [['switchTab', '/pages/me/me']]);
  assert.deepStrictEqual(it.app.globalData.qrwellQuery, { page: 'pages/me/me', query: 'a=1' });
});

test('what the app keeps in globalData stays', () => {
  const it = phone({ answers: [{ status: 200, data: scene({ url: 'pages/list/list' }) }] });
  it.app.globalData = { user: 'u' };
  it.open({ scene: id });
  it.time.advance(long);
  assert.strictEqual(it.app.globalData.user, 'u');
});

test('a code that leads to the middle page itself does not turn in a circle', () => {
  for (const url of [page, `/${page}?scene=${id}`, `${page}?x=1`]) {
    const it = scan({ answers: [{ status: 200, data: scene({ path: page, url }) }], pages: [page] });
    assert.deepStrictEqual(it.went, []);
    assert.strictEqual(it.sent.length, 1);
    says(it.shown, en.missing);
  }
});

// Data pre-fetch.

test('a pre-fetched answer opens the page without a request', () => {
  const time = new VirtualTime();
  const cached = brought(time.now() - 500, { id, ...scene() });
  const it = scan({ time, cached, config: { prefetch: true }, answers: ['silence'] });
  assert.strictEqual(it.sent.length, 0);
  assert.strictEqual(it.went.length, 1);
});

test('the pre-fetched answer of the launch before does not decide where this one goes', () => {
  const time = new VirtualTime();
  const cached = brought(time.now() - 500, { id: 'another', ...scene({ url: 'pages/other/other' }) }, 'scene=another');
  const it = scan({ time, cached, config: { prefetch: true } });
  assert.deepStrictEqual(it.went, [['redirectTo', '/pages/house/detail?house=8841']]);
  assert.strictEqual(it.sent.length, 1);
});

test('a pre-fetched answer that lands late is used', () => {
  const it = phone({ config: { prefetch: true }, answers: ['silence'] });
  it.open({ scene: id });
  it.time.advance(1000);
  it.lands({ fetchType: 'periodic', ...brought(it.time.now(), { id, ...scene({ url: 'pages/other/other' }) }) });
  it.lands({ fetchType: 'pre', ...brought(it.time.now(), { id, ...scene() }) });
  it.time.advance(long);
  assert.deepStrictEqual(it.went, [['redirectTo', '/pages/house/detail?house=8841']]);
});

test('a pre-fetched answer that lands after the person left moves nobody', () => {
  const it = phone({ config: { prefetch: true }, answers: ['silence'] });
  const opened = it.open({ scene: id });
  opened.onUnload();
  it.lands({ fetchType: 'pre', ...brought(it.time.now(), { id, ...scene() }) });
  it.time.advance(long);
  assert.deepStrictEqual(it.went, []);
});

test('there is one listener for pre-fetched answers, however often the page opens, and none if not configured', () => {
  const it = phone({ config: { prefetch: true } });
  for (let times = 0; times < 3; times += 1) it.open({ scene: id }).onUnload();
  assert.strictEqual(it.listeners.length, 1);
  assert.strictEqual(scan().listeners.length, 0);
});

test('versions without pre-fetch ask', () => {
  const it = scan({ config: { prefetch: true }, without: ['getBackgroundFetchData', 'onBackgroundFetchData'] });
  assert.strictEqual(it.went.length, 1);
});

// Configuration.

test('a wrong configuration asks nothing and says what to do', () => {
  const it = scan({ config: { base: 'http://qr.example.com' } });
  assert.strictEqual(it.sent.length, 0);
  says(it.shown, en.away);
  assert.match(it.said[0], /config\.js: base is "http:\/\/qr\.example\.com"; give the address/);
});

test('nothing of the code stands in what is logged', () => {
  for (const answers of [[problem(404, 'unknown_code')], [problem(503, 'unavailable')], [{ fail: 'request:fail' }]]) {
    const it = scan({ answers });
    assert.ok(it.said.length > 0);
    for (const line of it.said) assert.ok(!line.includes(id), line);
  }
});
