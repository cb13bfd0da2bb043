#!/bin/sh
# Prints the folder of a usable Apache Kafka, one with libs/*.jar and bin/kafka-*.sh: KAFKA_HOME, or else one that is
# resolved once with Maven and kept in node_modules/.cache/aftershock. Java and Maven are not installed by this.
#
#   deploy/fetch-kafka.sh [--cached]
#
#   --cached  never fetch: only say what is here
#
# Where there is none it exits with 3 and says in one sentence why, and what to do.
set -eu
cd "$(dirname "$0")/.."
version=4.1.0
# Kafka names no logger of its own in its artifacts; slf4j must have the version that Kafka was built with.
slf4j=1.7.36
# Where pods of the lab look for programs; another folder of this machine does not exist for them.
pod_path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

without() { echo "There is no Kafka here: $1" >&2; exit 3; }
is_kafka() { [ -x "$1/bin/kafka-topics.sh" ] && ls "$1"/libs/kafka-clients-*.jar >/dev/null 2>&1; }

java=$(PATH=$pod_path command -v java) || without "there is no java in /usr/bin. Install Java 17 or newer (Debian: apt-get install --no-install-recommends default-jre-headless)."
major=$("$java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -n 1)
[ "${major:-0}" -ge 17 ] || without "Kafka $version needs Java 17 or newer, and $java is ${major:-of an unknown version}. Install a newer one."
if [ -n "${KAFKA_HOME:-}" ]; then
  is_kafka "$KAFKA_HOME" || without "KAFKA_HOME is $KAFKA_HOME, which has no bin/kafka-topics.sh and libs/kafka-clients-*.jar. Set it to an unpacked Apache Kafka, or unset it."
  (cd "$KAFKA_HOME" && pwd)
  exit 0
fi
cache=$PWD/node_modules/.cache/aftershock
kafka=$cache/kafka-$version
if is_kafka "$kafka"; then echo "$kafka"; exit 0; fi
[ "${1:-}" != --cached ] || without "it has not been fetched yet. Run: sh deploy/fetch-kafka.sh"
command -v mvn >/dev/null 2>&1 || without "KAFKA_HOME is not set, and Maven (mvn), which could fetch it, is not installed. Set KAFKA_HOME to an unpacked Apache Kafka, or install Maven (Debian: apt-get install --no-install-recommends maven)."

echo "Fetching Apache Kafka $version with Maven, once (about 55 MB)" >&2
mkdir -p "$cache"
work=$(mktemp -d "$cache/fetch-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cat > "$work/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>aftershock</groupId>
  <artifactId>kafka</artifactId>
  <version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$version</version></dependency>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>$version</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>$slf4j</version></dependency>
  </dependencies>
</project>
POM
if ! mvn -B -q -f "$work/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$work/kafka/libs" >"$work/log" 2>&1; then
  reason=$(sed -n 's/^.*\[ERROR\] *//p' "$work/log" | head -n 1)
  without "Maven could not fetch it (${reason:-it gave no reason}). See to Maven's network access, or set KAFKA_HOME to an unpacked Apache Kafka."
fi
mkdir -p "$work/kafka/bin"
# The artifacts have the classes of Kafka's command-line tools, and not the scripts that start them.
tool() { # script class
  cat > "$work/kafka/bin/$1.sh" <<TOOL
#!/bin/sh
exec java \${KAFKA_HEAP_OPTS:--Xmx256m} -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto \\
  -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -cp "\$(dirname "\$0")/../libs/*" $2 "\$@"
TOOL
  chmod 755 "$work/kafka/bin/$1.sh"
}
tool kafka-server-start kafka.Kafka
tool kafka-storage kafka.tools.StorageTool
tool kafka-configs kafka.admin.ConfigCommand
tool kafka-dump-log kafka.tools.DumpLogSegments
tool kafka-topics org.apache.kafka.tools.TopicCommand
tool kafka-get-offsets org.apache.kafka.tools.GetOffsetShell
tool kafka-metadata-quorum org.apache.kafka.tools.MetadataQuorumCommand
tool kafka-log-dirs org.apache.kafka.tools.LogDirsCommand
tool kafka-leader-election org.apache.kafka.tools.LeaderElectionCommand
tool kafka-consumer-groups org.apache.kafka.tools.consumer.group.ConsumerGroupCommand
tool kafka-console-producer org.apache.kafka.tools.ConsoleProducer
tool kafka-console-consumer org.apache.kafka.tools.consumer.ConsoleConsumer
# Renamed into place, so that half of it is never taken for the whole; another one may have been faster.
mv -T "$work/kafka" "$kafka" 2>/dev/null || is_kafka "$kafka" || without "it could not be put into $kafka. Free that name and try again."
echo "$kafka"
