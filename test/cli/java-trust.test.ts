import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { test } from "node:test";
import { openModel, TLS_ADDRESS } from "../agents/model-server.js";
import { makeCertificate } from "../network/tls-files.js";
import { isBrief } from "../support/is-brief.js";
import { openPerson } from "../support/person.js";

/** Asks by both clients that Java has, and says how many authorities it believes. */
const PROGRAM = `import java.net.*; import java.net.http.*; import java.security.*; import javax.net.ssl.*;
public class Ask {
  public static void main(String[] args) throws Exception {
    // By itself it goes past the proxy to an address of the loopback, and tells no name there.
    System.setProperty("https.proxyHost", "127.0.0.1");
    System.setProperty("https.proxyPort", "3128");
    System.setProperty("http.nonProxyHosts", "");
    TrustManagerFactory f = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    f.init((KeyStore) null);
    System.out.println("believes " + ((X509TrustManager) f.getTrustManagers()[0]).getAcceptedIssuers().length);
    System.out.println("mine " + System.getProperty("mine"));
    try {
      HttpsURLConnection old = (HttpsURLConnection) new URL(args[0] + "/old").openConnection();
      System.out.println("old " + old.getResponseCode());
      HttpRequest asked = HttpRequest.newBuilder(URI.create(args[0] + "/new")).build();
      System.out.println("new " + HttpClient.newHttpClient().send(asked, HttpResponse.BodyHandlers.ofString()).statusCode());
    } catch (SSLHandshakeException e) { System.out.println("handshake " + e.getMessage()); }
  }
}
`;

const hasJava = spawnSync("javac", ["-version"]).status === 0;

test("Java believes the session's authority where TLS is inspected, beside the usual ones, and keeps options of its own", {
  skip: hasJava ? false : "no java",
}, async () => {
  const tls = makeCertificate([TLS_ADDRESS]);
  using server = await openModel([], { tls });
  using person = openPerson("plain user");
  person.make({
    "Ask.java": PROGRAM,
    "../ca.pem": tls.cert,
    "../p.yaml": `version: 1
network: {mode: allowlist, allow: ["${server.place}"], inspect: ["${TLS_ADDRESS}"]}
env: {set: {JAVA_TOOL_OPTIONS: "-Dmine=kept -XX:+UseSerialGC -XX:TieredStopAtLevel=1"}}
`,
  });
  const env = { NODE_EXTRA_CA_CERTS: path.join(person.home, "ca.pem") };
  const script = `javac Ask.java && java Ask ${server.url} && echo 0
    unset JAVA_TOOL_OPTIONS; java Ask ${server.url}`;
  const args = ["run", "--profile", path.join(person.home, "p.yaml"), "--", "sh", "-c", script];
  const ran = person.sandbox(args, { env });
  assert.equal(ran.status, 0, ran.stderr);
  const [trusting = "", without = ""] = ran.stdout.split(/^\d+$/m);
  assert.match(trusting, /mine kept\nold 404\nnew 404\n/, ran.stderr);
  assert.match(without, /mine null\nhandshake .*unable to find valid certification path/);
  const believed = Number(/believes (\d+)/.exec(trusting)?.[1]);
  const usual = Number(/believes (\d+)/.exec(without)?.[1]);
  assert.ok(believed > usual / 2, `${believed} authorities, ${usual} without ours`);
  assert.deepEqual(
    server.asked().map(({ url }) => url),
    ["/old", "/new"],
  );
  const { sends } = person.sandboxJson(["show", "latest", "--network"]).json;
  assert.ok(
    sends.some((one: { path?: string }) => one.path === "/new"),
    "it was looked into",
  );
  if (isBrief) return;
  const again = person.sandbox(["exec", "latest", "--", "java", "Ask", server.url], { env });
  assert.match(again.stdout, /mine kept\nold 404\nnew 404\n/, again.stderr);
});
