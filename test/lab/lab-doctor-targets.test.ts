import { stringify } from "yaml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAuthority } from "../support/certificates.ts";
import { startGrafanaDouble } from "../support/grafana-double.ts";
import { startLabDoctor, type LabDoctor } from "../support/lab-doctor.ts";
import { startOtlpReceiver } from "../support/otlp-receiver.ts";
import { hasPrometheus, startExporter, startPrometheus } from "../support/prometheus.ts";

const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)("aftershock doctor on targets and what watches runs", () => {
  let doctor: LabDoctor;
  beforeAll(async () => void (doctor = await startLabDoctor()));
  afterAll(() => doctor?.stop());

  describe("with targets that the configuration describes", () => {
    const redis = "redis-sentinel";
    const orders = { name: "orders", systems: [redis], namespace: "cache", selectors: { redis: "app=redis" } };
    const login = (password: object) => ({ redis: { password } });
    beforeAll(async () => {
      const authority = await createAuthority("orders");
      const { cert } = await authority.issue({ commonName: "probe" });
      const stringData = { password: "a-password-of-nobody", ca: authority.ca, cert, key: authority.ca };
      const metadata = { name: "orders", namespace: "cache" };
      await doctor.admin("create -f -", stringify({ apiVersion: "v1", kind: "Secret", metadata, stringData }));
    });

    it("finds their pods and Secrets, and says when their certificates end", async () => {
      const access = { sentinel: { tls: { ca: { secret: "orders", key: "ca" } } } };
      const looked = await doctor.rig.look(doctor.alone({ targets: [{ ...orders, access }] }));
      expect(looked.line(/^Target orders ends|^Target orders: a certificate/)).toMatchObject({ status: "warning" });
      const plain = await doctor.rig.look(
        doctor.alone({ targets: [{ ...orders, access: login({ secret: "orders", key: "password" }) }] }),
      );
      expect(plain.texts("well", "Cluster lab")).toContain(
        "Target orders (redis-sentinel, in cache): 3 pods of redis; 1 key of Secrets readable",
      );
      expect(plain.out).not.toContain("a-password-of-nobody");
    });

    it("says what is not there, with the key that mends it", async () => {
      const of = (key: string) => ({ secret: "orders", key });
      const targets = [
        {
          ...orders,
          name: "gone",
          selectors: { redis: "app=none" },
          access: login({ secret: "none", key: "password" }),
        },
        {
          ...orders,
          name: "odd",
          access: { redis: { password: of("pass"), tls: { ca: of("password"), cert: of("cert"), key: of("key") } } },
        },
        { ...orders, name: "local", access: login({ variable: "ORDERS_PASSWORD" }) },
      ];
      const looked = await doctor.rig.look(doctor.alone({ targets }));
      expect(looked.texts("wrong")).toEqual([
        "Target gone finds no pod of redis in cache, by app=none.",
        "Target gone: there is no Secret none in cache, for redis password.",
        "Target odd: the Secret orders in cache has no key pass, for redis password.",
        "Target odd: tls.ca of redis holds no PEM certificate.",
        "Target odd: tls.key of redis holds no PEM private key that can be used without a passphrase.",
        "Target local: A secret of the target cannot be read: ORDERS_PASSWORD is not set. It is for redis password.",
      ]);
      expect(looked.line(/^Target gone: there is no Secret/).mend).toContain(
        "access.redis.password (clusters.lab.targets, gone)",
      );
      const set = { ...doctor.rig.environment, ORDERS_PASSWORD: "x" };
      expect(
        (await doctor.rig.look({ ...doctor.alone({ targets: targets.slice(2) }), environment: set })).texts("wrong"),
      ).toEqual([]);
    });

    it("does not read what the account may not, and says so", async () => {
      const targets = [{ ...orders, access: login({ secret: "orders", key: "password" }) }];
      const looked = await doctor.rig.look({
        ...doctor.alone({ kubeconfig: doctor.kubeconfigs.worker, targets }),
        args: ["--role", "worker"],
      });
      expect(looked.line(/^Target orders: the Secret orders, key password, could not be read/).status).toBe("unknown");
      expect(looked.line(/lacks a right of the worker: get secrets in cache/).status).toBe("wrong");
    });

    it("tries their logins only when it is told to, and says a refusal as planning does", async () => {
      const targets = [
        { ...orders, name: "open" },
        {
          ...orders,
          name: "shut",
          access: { redis: { user: "nobody", password: { secret: "orders", key: "password" } } },
        },
        { ...orders, name: "elsewhere", access: { redis: { port: 6999 } } },
        { ...orders, name: "idle", systems: ["etcd"], selectors: {} },
      ];
      const left = await doctor.rig.look(doctor.alone({ targets }));
      expect(left.out).not.toMatch(/refuses the bot|let the bot in/);
      expect(left.texts("wrong")).toEqual([]);
      const tried = await doctor.rig.look({ ...doctor.alone({ targets }), args: ["--logins"] });
      expect(tried.line(/^Target open \(redis-sentinel\): no server refuses the bot: master redis-\d/).status).toBe(
        "well",
      );
      expect(
        tried.line(/^Target shut \(redis-sentinel\): redis-\d \(redis\) does not let the bot in: WRONGPASS/),
      ).toMatchObject({
        status: "wrong",
        mend: expect.stringContaining("user and password in access.redis of the target shut") as string,
      });
      expect(tried.line(/^Target elsewhere .*none of its servers answers/).status).toBe("wrong");
      expect(tried.line(/^Target idle: no login was tried/).status).toBe("unknown");
      expect(tried.out).not.toContain("a-password-of-nobody");
    });
  });

  it.skipIf(!hasPrometheus)(
    "asks Prometheus and Alertmanager, and what each stop condition measures",
    async () => {
      const page = await startExporter("shop_errors");
      const servers = await startPrometheus({ page: page.port }, "groups: []\n");
      const query = (id: string, text: string) => ({ id, title: id, prometheus: { query: text, above: 5 } });
      const alert = { id: "down", title: "down", alert: { matchers: { alertname: "ShopDown" } } };
      const { prometheus, alertmanager } = servers.urls;
      const watched = (stopConditions: object[], change: object = {}) =>
        doctor.rig.look(
          doctor.alone({
            prometheus: { url: prometheus },
            alertmanager: { url: alertmanager },
            stopConditions,
            ...change,
          }),
        );
      try {
        const fine = await watched([query("constant", "vector(1)"), alert]);
        expect(fine.texts("well", "Watching lab")).toEqual([
          expect.stringMatching(/^Prometheus \d+\.\d+\.\d+.* answers$/),
          expect.stringMatching(/^Prometheus's clock is \d/),
          expect.stringMatching(/^Alertmanager \d+\.\d+\.\d+.* answers$/),
          "2 of 2 stop conditions measured, none of them holds",
        ]);
        const troubled = await watched([
          query("holds", "vector(9)"),
          query("void", "nothing_at_all"),
          query("broken", "sum("),
        ]);
        expect(troubled.line(/^Stop condition lab\/holds of .* holds now: 9/).status).toBe("warning");
        expect(troubled.line(/^Stop condition lab\/void of .* is unknown: no data/).status).toBe("warning");
        expect(
          troubled.line(/^Stop condition lab\/broken of .* cannot be asked: .*HTTP 400.*parse error/),
        ).toMatchObject({
          status: "wrong",
          mend: "Ask prometheus yourself: sum(",
        });
        const elsewhere = await watched([query("constant", "vector(1)")], { prometheus: { url: alertmanager } });
        expect(elsewhere.line(/^Prometheus answers HTTP 404/).status).toBe("wrong");
        expect(elsewhere.line(/^1 stop condition not asked/).status).toBe("unknown");
        const secret = { url: prometheus, bearerTokenFrom: "PROMETHEUS_TOKEN" };
        const unset = await watched([], { prometheus: secret });
        expect(unset.line(/^PROMETHEUS_TOKEN is not set/).status).toBe("wrong");
        expect(unset.line(/^Nothing was asked: PROMETHEUS_TOKEN is not set/).status).toBe("unknown");
        await servers.killPrometheus();
        const gone = await watched([query("constant", "vector(1)"), alert]);
        expect(gone.line(/^Prometheus does not answer at .*ECONNREFUSED/).mend).toContain(
          "clusters.lab.prometheus.url",
        );
        expect(gone.texts("well", "Watching lab")).toContain("1 of 1 stop condition measured, none of them holds");
      } finally {
        await servers.close();
        page.close();
      }
    },
    120_000,
  );

  it("asks Grafana with its token, and whether anything takes traces", async () => {
    const grafana = await startGrafanaDouble("a-token-of-grafanas");
    const otlp = await startOtlpReceiver();
    const config = {
      slack: { mode: "none" },
      grafana: { url: grafana.url, bearerTokenFrom: "GRAFANA_TOKEN", dashboardUid: "runs" },
    };
    const environment = {
      ...doctor.rig.environment,
      GRAFANA_TOKEN: "a-token-of-grafanas",
      OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
    };
    const fine = await doctor.rig.look({ config, environment });
    expect(fine.texts("well", "Grafana and traces")).toEqual([
      "Grafana 11.0.0 answers, and takes the login",
      expect.stringMatching(/^Something takes connections at http/),
    ]);
    expect(grafana.annotations).toEqual([]);
    expect(otlp.spans).toEqual([]);
    const noSuch = { ...config, grafana: { ...config.grafana, dashboardUid: "none" } };
    expect((await doctor.rig.look({ config: noSuch, environment })).line(/no dashboard none/).status).toBe("wrong");
    const unset = await doctor.rig.look({ config });
    expect(unset.line(/^GRAFANA_TOKEN is not set/).status).toBe("wrong");
    expect(unset.line(/^Grafana was not asked: GRAFANA_TOKEN is not set/).status).toBe("unknown");
    const shut = await doctor.rig.look({ config, environment: { ...environment, GRAFANA_TOKEN: "another-token-9" } });
    expect(shut.line(/^Grafana does not let the bot in: HTTP 401/).mend).toContain("Set GRAFANA_TOKEN");
    expect(shut.out).not.toContain("another-token-9");
    grafana.misbehave(() => 403);
    expect((await doctor.rig.look({ config, environment })).line(/^Grafana does not show annotations/).status).toBe(
      "unknown",
    );
    await Promise.all([grafana.close(), otlp.close()]);
    const gone = await doctor.rig.look({ config, environment });
    expect(gone.texts("wrong", "Grafana and traces")).toEqual([
      expect.stringMatching(/^Grafana does not answer at .*ECONNREFUSED/),
      expect.stringMatching(/^Nothing takes connections at .*ECONNREFUSED/),
    ]);
  });
});
