// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "../program/gatehouse_process.h"
#include "fakes/fake_upstream.h"

#include <QObject>

/// Four upstreams, two of which the operator has routes to: an only one would be asked for any model.
class RouteHouse : public QObject
{
protected:
    explicit RouteHouse(int lanes)
        : m_environment{QStringLiteral("MODEL_ROUTE_BOX=") + m_box.openAiUrl().toString(),
                        QStringLiteral("MODEL_ROUTE_SPARE=") + m_spare.openAiUrl().toString(),
                        QStringLiteral("GATEHOUSE_SERVER_LANES=%1").arg(lanes),
                        QStringLiteral("DEMO_ADMIN_KEY=the-admin"),
                        QStringLiteral("DEMO_USER_KEY=the-user"),
                        QStringLiteral("GATEHOUSE_AUTH_MODE=required")}
    {}

    void setModels()
    {
        m_box.setModels({"box-model"});
        m_spare.setModels({"spare-model"});
        m_second.setModels({"second-model"});
        m_third.setModels({"second-model"});
    }

    [[nodiscard]] static QString fileOf(const GatehouseProcess &gatehouse)
    {
        return gatehouse.folder() + QStringLiteral("/gatehouse/routes.toml");
    }

    gatehouse::fakes::FakeUpstream m_box{{}, gatehouse::fakes::FakeUpstream::Runs::InOwnThread};
    gatehouse::fakes::FakeUpstream m_spare{{}, gatehouse::fakes::FakeUpstream::Runs::InOwnThread};
    gatehouse::fakes::FakeUpstream m_second{{}, gatehouse::fakes::FakeUpstream::Runs::InOwnThread};
    gatehouse::fakes::FakeUpstream m_third{{}, gatehouse::fakes::FakeUpstream::Runs::InOwnThread};
    QStringList m_environment;
    QByteArray m_admin = "the-admin";
    QByteArray m_user = "the-user";
};
