// Copy to config.js beside this file, and fill in.
module.exports = {
  // The public address of qrwell (its http.public_url). Its host must be in the request allow-list of the mini program.
  base: 'https://qr.example.com',

  // Where the button leads when a code cannot be opened.
  home: 'pages/index/index',

  // The pages of tabBar.list in app.json, if there is one: WeChat opens these in another way, and without a query.
  tabPages: [],

  // true once data pre-fetch is set up in the console of the mini program (README.md says how).
  prefetch: false,
};
