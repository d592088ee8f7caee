// The middle page: every code of a pool opens it, and it goes on to what the code stands for.

const config = require('./config.js');
const { codeOf, requestUrl, resolve, destination, configProblem } = require('./resolve.js');
const { textOf } = require('./texts.js');

const askAgain = ['away', 'offline'];

// WeChat cannot be told to stop listening in all versions, so there is one listener for the life of the mini-program.
let onPrefetched = null;
if (config.prefetch && wx.onBackgroundFetchData) {
  wx.onBackgroundFetchData((brought) => {
    if (onPrefetched && brought && brought.fetchType !== 'periodic') onPrefetched(brought);
  });
}

const env = {
  now: () => Date.now(),
  random: () => Math.random(),
  setTimeout: (f, ms) => setTimeout(f, ms),
  clearTimeout: (timer) => clearTimeout(timer),
  request: (what) => wx.request(what),
  networkType: (f) => wx.getNetworkType({ success: (res) => f(res.networkType), fail: () => f('unknown') }),
  prefetched: (f) => {
    onPrefetched = f;
    if (wx.getBackgroundFetchData) wx.getBackgroundFetchData({ fetchType: 'pre', success: f, fail: () => f(null) });
    else f(null); // before base library 2.8.0
  },
};

function language() {
  const info = wx.getAppBaseInfo ? wx.getAppBaseInfo() : wx.getSystemInfoSync();
  return (info && info.language) || '';
}

// What opened the mini-program this time; the launch options are those of its first start, maybe hours ago.
function launchScene() {
  const entered = wx.getEnterOptionsSync ? wx.getEnterOptionsSync() : wx.getLaunchOptionsSync();
  return entered && entered.scene;
}

Page({
  data: { busy: true, title: '', text: '', button: '' },

  onLoad(options) {
    this.code = codeOf(options || {});
    this.kind = 'new';
    this.run = null; // the present attempt to get away from here; null: nobody waits
  },

  onShow() {
    if (!this.run && (this.kind === 'new' || this.kind === 'busy' || askAgain.includes(this.kind))) this.start();
  },

  // Who has left is not called back to another page.
  onHide() {
    this.leave();
  },

  onUnload() {
    this.leave();
  },

  onButton() {
    if (this.run) return;
    if (askAgain.includes(this.kind)) this.start();
    else this.goHome();
  },

  goHome() {
    wx.reLaunch({
      url: '/' + config.home.replace(/^\/+/, ''),
      fail: (err) => console.error(`qrwell: cannot open ${config.home}, see home in config.js: ${err && err.errMsg}`),
    });
  },

  leave() {
    if (this.run) this.run.stop();
    this.run = null;
  },

  start() {
    const problem = configProblem(config);
    if (problem) this.show('away', problem);
    else if (!this.code) this.show('noCode');
    else this.ask(this.code);
  },

  ask(code) {
    this.show('busy');
    const run = { stop: () => {} };
    this.run = run;
    const asked = { code, url: requestUrl(config.base, code, launchScene()), prefetch: config.prefetch };
    run.stop = resolve(env, asked, (outcome) => {
      if (outcome.kind === 'go') this.go(run, destination(outcome.scene, this.route, config.tabPages));
      else this.show(outcome.kind, outcome.why);
    });
  },

  // When redirectTo fails, the list of tab pages may be out of date; what is no tab page fails in goToTab too.
  go(run, to) {
    if (to.isOwn) this.show('missing', 'the code leads to the middle page itself: give it another path');
    else if (to.isTab) this.goToTab(run, to);
    else wx.redirectTo({ url: to.url, fail: (err) => this.run === run && this.goToTab(run, to, err) });
  },

  goToTab(run, to, redirectError) {
    const app = getApp();
    app.globalData = app.globalData || {};
    app.globalData.qrwellQuery = { page: to.page, query: to.query }; // for onShow of the tab page, which takes it away
    wx.switchTab({
      url: '/' + to.page,
      fail: (err) => {
        delete app.globalData.qrwellQuery;
        const why = (redirectError || err || {}).errMsg;
        const notLoaded = /timeout|network|subpackage/i.test(why); // the page is there, its package is not yet
        if (this.run === run) this.show(notLoaded ? 'away' : 'missing', `${to.page}, is it in app.json? ${why}`);
      },
    });
  },

  show(kind, why) {
    if (kind !== 'busy') this.run = null;
    if (why) console.warn(`qrwell: ${kind}: ${why}`);
    this.kind = kind;
    this.setData(Object.assign({ busy: kind === 'busy' }, textOf(kind, language())));
  },
});
