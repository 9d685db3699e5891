// SPDX-License-Identifier: GPL-3.0-or-later
// Everything comes from where this page came from; a validator elsewhere is not asked.
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
  docExpansion: "list",
  presets: [SwaggerUIBundle.presets.apis],
});
