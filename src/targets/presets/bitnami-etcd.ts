import { bitnamiName, bitnamiRelease } from "./bitnami.ts";
import { labelled, tlsWhen, type Preset } from "./preset.ts";

/**
 * etcd by Bitnami's chart. Read in bitnami/charts, chart etcd 12.0.18:
 * - pods with `app.kubernetes.io/component: etcd`, client port 2379: bitnami/etcd/templates/statefulset.yaml, values.yaml;
 * - Secret `{fullname}`, key etcd-root-password, while auth.rbac.create is on, as it is unless switched off: secrets.yaml
 *   and etcd.secretName in _helpers.tpl; the user is etcd's own root (etcd.io, Role-based access control);
 * - certificates for clients are in a Secret of the user's own (auth.client.existingSecret); members are advertised as
 *   `{pod}.{fullname}-headless.{namespace}.svc.{clusterDomain}`: statefulset.yaml.
 */
export const bitnamiEtcd: Preset = {
  name: "bitnami-etcd",
  title: "Bitnami's chart etcd",
  source: "bitnami/charts etcd 12.0.18",
  systems: ["etcd"],
  unfit: {},
  transports: ["plain", "tls"],
  user: "is always the same",
  of: ({ instance, transport }) => {
    const fullname = bitnamiName(instance, "etcd");
    return {
      selectors: {
        etcd: labelled({
          "app.kubernetes.io/name": "etcd",
          "app.kubernetes.io/instance": instance,
          "app.kubernetes.io/component": "etcd",
        }),
      },
      parameters: {},
      access: {
        etcd: {
          port: 2379,
          user: "root",
          password: {
            secret: fullname,
            key: "etcd-root-password",
            ifMissing: "The chart makes none with auth.rbac.create=false: then write login: none in the target.",
          },
          ...tlsWhen(transport, {
            serverName: `{pod}.${fullname}-headless.{namespace}.svc.cluster.local`,
            verify: "full",
          }),
        },
      },
    };
  },
  recognise: (labels) => bitnamiRelease(labels, { chart: "etcd", component: "etcd" }),
};
