import { labelled, type Preset } from "./preset.ts";

/**
 * etcd by the etcd project's operator. Read in etcd-io/etcd-operator v0.2.0, internal/controller/utils.go: pods have the
 * labels app and controller, both the EtcdCluster's name; clients are served on 2379 by HTTP (defaultArgs), also where
 * certificates are made, unless spec.etcdOptions says otherwise. No login is made. Two labels so common prove nothing by
 * themselves, so that no pod is recognised by them.
 */
export const etcdOperator: Preset = {
  name: "etcd-operator",
  title: "etcd-operator of the etcd project",
  source: "etcd-io/etcd-operator v0.2.0",
  systems: ["etcd"],
  unfit: {},
  transports: ["plain"],
  user: "is always the same",
  of: ({ instance }) => ({
    selectors: { etcd: labelled({ app: instance, controller: instance }) },
    parameters: {},
    access: { etcd: { port: 2379 } },
  }),
  recognise: () => null,
};
