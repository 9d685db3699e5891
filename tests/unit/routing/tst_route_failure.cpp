// SPDX-License-Identifier: GPL-3.0-or-later
#include "routing/route_failure.h"

#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;

class RouteFailureTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void whatAnErrorSaysOfItsRoute_data()
    {
        QTest::addColumn<ErrorCode>("code");
        QTest::addColumn<int>("status");
        QTest::addColumn<bool>("hasRetryAfter");
        QTest::addColumn<RouteFailure>("expected");
        const auto row = [](const char *name, ErrorCode code, int status, bool hasRetryAfter,
                            RouteFailure expected) {
            QTest::newRow(name) << code << status << hasRetryAfter << expected;
        };
        using enum ErrorCode;
        using F = RouteFailure;
        row("unreachable", UpstreamUnreachable, 0, false, F::Unreachable);
        row("timeout", UpstreamTimeout, 0, false, F::Broken);
        row("garbage", UpstreamFailed, 0, false, F::Broken);
        row("500", UpstreamFailed, 500, false, F::Broken);
        row("500 with Retry-After", UpstreamFailed, 500, true, F::Broken);
        row("503", UpstreamFailed, 503, false, F::Broken);
        row("503 with Retry-After", UpstreamFailed, 503, true, F::Busy);
        row("529", UpstreamFailed, 529, false, F::Broken);
        row("529 with Retry-After", UpstreamFailed, 529, true, F::Busy);
        row("failed 302", UpstreamFailed, 302, false, F::Unfit);
        row("rejected 307", UpstreamRejected, 307, false, F::Unfit);
        for (const int status : {401, 403, 404, 407})
            row(QByteArray::number(status), UpstreamRejected, status, false, F::Unfit);
        for (const int status : {408, 425})
            row(QByteArray::number(status), UpstreamRejected, status, false, F::Broken);
        for (const int status : {400, 402, 405, 409, 413, 418, 422, 499})
            row(QByteArray::number(status), UpstreamRejected, status, false, F::None);
        row("429", UpstreamRejected, 429, false, F::Busy);
        row("429 with Retry-After", UpstreamRejected, 429, true, F::Busy);
        row("a full queue here", Overloaded, 0, false, F::Busy);
        for (const ErrorCode code :
             {InvalidRequest, Unauthenticated, Forbidden, NotFound, MethodNotAllowed, ModelNotFound,
              RouteConflict, AmbiguousModel, RequestTimeout, PayloadTooLarge, UnsupportedMediaType,
              UriTooLong, HeadersTooLarge, RateLimited, Cancelled, NotImplemented, Internal})
            row(errorCodeName(code), code, 0, true, F::None);
    }

    void whatAnErrorSaysOfItsRoute()
    {
        QFETCH(ErrorCode, code);
        QFETCH(int, status);
        QFETCH(bool, hasRetryAfter);
        QFETCH(RouteFailure, expected);
        Error error{.code = code, .upstreamStatus = status};
        if (hasRetryAfter)
            error.retryAfter = 3s;
        QCOMPARE(routeFailure(error), expected);
    }

    void whoCouldNotBeConnectedToIsNotThere()
    {
        QCOMPARE(routeFailure({.code = ErrorCode::UpstreamTimeout, .reason = "connect_timeout"}),
                 RouteFailure::Unreachable);
    }

    void aConversationThatIsTooLongIsSoWhateverTheStatus()
    {
        for (const char *reason : {"context_length_exceeded", "exceed_context_size_error"}) {
            for (const ErrorCode code :
                 {ErrorCode::UpstreamRejected, ErrorCode::UpstreamFailed, ErrorCode::InvalidRequest}) {
                for (const int status : {0, 400, 413, 429, 500})
                    QCOMPARE(routeFailure({.code = code, .reason = reason, .upstreamStatus = status}),
                             RouteFailure::TooLong);
            }
        }
    }

    void onlyTheRoutesOwnFailuresAreWorthAnotherTry()
    {
        using enum RouteFailure;
        for (const RouteFailure failure : {Unreachable, Broken, Busy, Unfit})
            QVERIFY(isWorthAnotherTry(failure));
        for (const RouteFailure failure : {None, TooLong})
            QVERIFY(!isWorthAnotherTry(failure));
    }
};

QTEST_GUILESS_MAIN(RouteFailureTest)
#include "tst_route_failure.moc"
