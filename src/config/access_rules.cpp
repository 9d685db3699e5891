// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/access_rules.h"

#include "config/config_text.h"

#include <QHostAddress>

#include <algorithm>
#include <array>

namespace gatehouse {

namespace {

const QString modeKey = QStringLiteral("auth.mode");
const QString apiKeyKey = QStringLiteral("auth.api_key");
const QString demoAdminKeyKey = QStringLiteral("auth.demo_admin_key");
const QString demoUserKeyKey = QStringLiteral("auth.demo_user_key");
const QString secretKeyKey = QStringLiteral("auth.secret_key");
const QString keyHashSecretKey = QStringLiteral("auth.key_hash_secret");

struct NamedSecret
{
    const QString &key;
    const Secret &secret;
};

bool isLoopbackHost(const QString &host)
{
    return host == QLatin1String("localhost") || QHostAddress(host).isLoopback();
}

/// Whoever sets a key wants it asked for; that loopback callers need none must be written down then, because
/// behind a proxy on this machine everybody seems to be one.
void completeMode(SettingsDraft &draft)
{
    AuthSettings &auth = draft.settings.auth;
    if (draft.isWritten(modeKey))
        return;
    for (const auto &[key, secret] : {NamedSecret{apiKeyKey, auth.apiKey},
                                      {demoAdminKeyKey, auth.demoAdminKey},
                                      {demoUserKeyKey, auth.demoUserKey}}) {
        if (secret.isEmpty())
            continue;
        auth.mode = AuthMode::Required;
        draft.sources.insert(modeKey, {.origin = SettingOrigin::Implied, .name = key});
        return;
    }
}

void checkMode(SettingsDraft &draft)
{
    const QString &host = draft.settings.server.host;
    if (draft.settings.auth.mode == AuthMode::Off && !isLoopbackHost(host))
        draft.warning(modeKey,
                      ConfigText::tr("nobody needs a key, and other machines can reach %1").arg(host));
}

void checkDemoKeys(SettingsDraft &draft)
{
    const AuthSettings &auth = draft.settings.auth;
    if (!auth.demoAdminKey.isEmpty())
        draft.warning(demoAdminKeyKey,
                      ConfigText::tr("is for trying things out: whoever knows it is an admin"));
    if (!auth.demoUserKey.isEmpty())
        draft.warning(demoUserKeyKey, ConfigText::tr("is for trying things out: whoever knows it gets in"));
}

/// Of two keys that are the same only one could count, and a key that also signs would let whoever has it
/// make tokens for anybody.
void checkDistinct(SettingsDraft &draft)
{
    const AuthSettings &auth = draft.settings.auth;
    const std::array<NamedSecret, 5> secrets = {{{apiKeyKey, auth.apiKey},
                                                 {demoAdminKeyKey, auth.demoAdminKey},
                                                 {demoUserKeyKey, auth.demoUserKey},
                                                 {secretKeyKey, auth.secretKey},
                                                 {keyHashSecretKey, auth.keyHashSecret}}};
    for (auto later = secrets.begin(); later != secrets.end(); ++later) {
        const auto twin = std::find_if(secrets.begin(), later, [later](const NamedSecret &earlier) {
            return !earlier.secret.isEmpty() && earlier.secret == later->secret;
        });
        if (twin != later)
            draft.mistake(later->key, ConfigText::tr("is the same as %1").arg(twin->key));
    }
}

/// What examples and templates have in the place of a secret.
bool isPlaceholder(const Secret &secret)
{
    QByteArray letters;
    for (const char c : secret.reveal().toLower()) {
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            letters.append(c);
    }
    static constexpr std::array whole = {"secret", "secretkey", "password", "test", "default"};
    static constexpr std::array starts = {"changeme",    "changethis", "changeit",    "replaceme",
                                          "replacethis", "yoursecret", "yoursuper",   "yourjwt",
                                          "yourkey",     "your256bit", "supersecret", "mysecret",
                                          "devsecret",   "insecure",   "placeholder"};
    return std::any_of(whole.begin(), whole.end(), [&](const char *word) { return letters == word; }) ||
           std::any_of(starts.begin(), starts.end(),
                       [&](const char *start) { return letters.startsWith(start); });
}

void checkStrength(SettingsDraft &draft, const QString &key, const Secret &secret)
{
    constexpr qsizetype shortest = 16;
    if (secret.isEmpty())
        return;
    if (isPlaceholder(secret))
        draft.warning(key, ConfigText::tr("is a placeholder that everybody knows; write a random text, or "
                                          "leave it out to have one made"));
    else if (secret.reveal().size() < shortest)
        draft.warning(key, ConfigText::tr("can be guessed: it has fewer than %1 characters").arg(shortest));
}

/// Who wrote down a bound for the minute and nothing else had a gateway without a token bucket (B, D): with
/// ours on top, clients would be refused that never were.
void completeLimits(SettingsDraft &draft)
{
    const QString minuteKey = QStringLiteral("limits.requests_per_minute");
    const QString secondKey = QStringLiteral("limits.requests_per_second");
    LimitSettings &limits = draft.settings.limits;
    if (limits.requestsPerMinute == 0 || !draft.isWritten(minuteKey) || draft.isWritten(secondKey) ||
        draft.isWritten(QStringLiteral("limits.burst")))
        return;
    limits.requestsPerSecond = 0;
    draft.sources.insert(secondKey, {.origin = SettingOrigin::Implied, .name = minuteKey});
}

void checkLimits(SettingsDraft &draft)
{
    const LimitSettings &limits = draft.settings.limits;
    if (limits.longestBlock >= limits.blockFor)
        return;
    const QString longestKey = QStringLiteral("limits.longest_block_seconds");
    draft.mistake(draft.isWritten(longestKey) ? longestKey : QStringLiteral("limits.block_seconds"),
                  ConfigText::tr("the first block lasts %1 seconds and the longest %2")
                      .arg(limits.blockFor.count())
                      .arg(limits.longestBlock.count()));
}

} // namespace

void applyAccessRules(SettingsDraft &draft)
{
    completeMode(draft);
    checkMode(draft);
    checkDemoKeys(draft);
    checkDistinct(draft);
    checkStrength(draft, secretKeyKey, draft.settings.auth.secretKey);
    checkStrength(draft, keyHashSecretKey, draft.settings.auth.keyHashSecret);
    completeLimits(draft);
    checkLimits(draft);
}

} // namespace gatehouse
