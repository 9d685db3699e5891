// SPDX-License-Identifier: GPL-3.0-or-later
// System fonts, so that nothing is fetched from elsewhere.
const fontFamily = "system-ui, sans-serif";
Redoc.init(
  "openapi.json",
  { hideDownloadButton: false, theme: { typography: { fontFamily, headings: { fontFamily } } } },
  document.getElementById("redoc"),
);
