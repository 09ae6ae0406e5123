using Camelid.Protocol.Keys;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Tests.Transactions;

namespace Camelid.Protocol.Tests.Peers;

/// <summary>
/// Rule P-13 as a whole: a small network, drawn from a seed, in which every node only follows the rule.
/// </summary>
public sealed class RelaySpreadTests(ITestOutputHelper output)
{
    private const int NodeCount = 60;
    private const int DialsPerNode = 4;

    /// <summary>
    /// No node accepts a message twice, so it sends at most eight copies; none crosses a ninth link; the receiver gets
    /// it.
    /// </summary>
    [Fact]
    public void P_13_a_message_reaches_its_receiver_once_over_at_most_eight_links_without_loops()
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        for (int round = 0; round < 5; round++)
        {
            Spread spread = new(Graph(random, NodeCount, DialsPerNode), random.Next(NodeCount / 2));
            spread.Run(receiver: NodeCount - 1 - random.Next(NodeCount / 2));
            Assert.Equal(1, spread.Delivered);
            Assert.True(spread.LinksMax <= PeerPacket.HopsMax, $"{spread.LinksMax} links");
            Assert.True(spread.Sent <= NodeCount * RelayRule.FanOutMax, $"{spread.Sent} copies");
        }
    }

    /// <summary>On a line of nodes the eighth link is the last.</summary>
    [Theory]
    [InlineData(8, 1)]
    [InlineData(9, 0)]
    public void P_13_a_message_crosses_eight_links_and_not_nine(int distance, int delivered)
    {
        List<int>[] line = [.. Enumerable.Range(0, 12).Select(node =>
            Enumerable.Range(0, 12).Where(other => Math.Abs(node - other) == 1).ToList())];
        Spread spread = new(line, origin: 0);
        spread.Run(distance);
        Assert.Equal(delivered, spread.Delivered);
        Assert.Equal(Math.Min(distance, PeerPacket.HopsMax), spread.LinksMax);
    }

    /// <summary>
    /// The negative control: with no memory of ids a ring sends the message around until its hops are spent, many
    /// times over.
    /// </summary>
    [Fact]
    public void P_13_without_the_memory_of_ids_the_same_network_sends_many_more()
    {
        Random random = new(1);
        List<int>[] graph = Graph(random, 12, 3);
        Spread with = new(graph, origin: 0);
        with.Run(receiver: -1);
        Spread without = new(graph, origin: 0) { Remembers = false };
        without.Run(receiver: -1);
        Assert.True(without.Sent > 100 * with.Sent, $"{without.Sent} against {with.Sent}");
    }

    private static List<int>[] Graph(Random random, int nodes, int dials)
    {
        List<int>[] links = [.. Enumerable.Range(0, nodes).Select(_ => new List<int>())];
        for (int node = 0; node < nodes; node++)
        {
            for (int i = 0; i < dials; i++)
            {
                int other = random.Next(nodes);
                if (other != node && !links[node].Contains(other))
                {
                    links[node].Add(other);
                    links[other].Add(node);
                }
            }
        }

        return links;
    }

    private sealed class Spread(List<int>[] links, int origin)
    {
        private readonly HashSet<Hash256>[] seen = [.. links.Select(_ => new HashSet<Hash256>())];
        private readonly Queue<(int From, int To, PeerPacket Packet)> wires = [];
        private readonly NodeId[] ids = [.. links.Select((_, node) => PeerSamples.Id((byte)(node + 1)))];

        public bool Remembers { get; init; } = true;

        public int Delivered { get; private set; }

        public int Sent { get; private set; }

        public int LinksMax { get; private set; }

        public void Run(int receiver)
        {
            NodeId target = receiver < 0 ? PeerSamples.Id(200) : ids[receiver];
            PeerPacket packet = PeerSamples.Relay((byte)(origin + 1), target);
            seen[origin].Add(packet.Id);
            Send(origin, packet, RelayRule.FirstTargets(packet, Neighbours(origin)));
            while (wires.TryDequeue(out (int From, int To, PeerPacket Packet) wire))
            {
                Arrive(wire.From, wire.To, wire.Packet);
            }
        }

        private void Arrive(int from, int to, PeerPacket packet)
        {
            RelayStanding standing = new()
            {
                Self = ids[to],
                From = ids[from],
                Neighbours = Neighbours(to),
                Seen = seen[to],
                Now = PeerSamples.Now,
                Genesis = PeerSamples.Genesis,
            };
            RelayDecision decision = RelayRule.Decide(packet, standing, Signed.Curve);
            if (decision.Code != RuleCode.Accepted)
            {
                return;
            }

            Assert.True(!Remembers || seen[to].Add(decision.Id), "accepted twice");
            Delivered += decision.Deliver ? 1 : 0;
            if (decision.Onward is { } onward)
            {
                Send(to, onward, decision.Targets);
            }
        }

        private void Send(int from, PeerPacket packet, IReadOnlyList<NodeId> targets)
        {
            foreach (NodeId target in targets)
            {
                Sent++;
                LinksMax = Math.Max(LinksMax, PeerPacket.HopsMax + 1 - packet.HopsLeft);
                wires.Enqueue((from, Array.IndexOf(ids, target), packet));
            }
        }

        private RelayNeighbour[] Neighbours(int node) =>
            [.. links[node].Select(other => new RelayNeighbour(ids[other], true))];
    }

    /// <summary>
    /// The curve, with each signature verified once: many copies of one message arrive, and the curve is slow.
    /// </summary>
    private sealed class Signed : ISecp256k1
    {
        private readonly Dictionary<(PublicKey Key, Hash256 Digest, string Signature), bool> verified = [];

        public static Signed Curve { get; } = new();

        public PublicKey PublicKeyOf(PrivateKey key) => Samples.Curve.PublicKeyOf(key);

        public bool IsPublicKey(ReadOnlySpan<byte> bytes) => Samples.Curve.IsPublicKey(bytes);

        public byte[] Sign(PrivateKey key, Hash256 digest) => Samples.Curve.Sign(key, digest);

        public bool Verify(PublicKey key, Hash256 digest, ReadOnlySpan<byte> signatureDer)
        {
            (PublicKey, Hash256, string) question = (key, digest, Convert.ToHexString(signatureDer));
            if (!verified.TryGetValue(question, out bool answer))
            {
                answer = Samples.Curve.Verify(key, digest, signatureDer);
                verified.Add(question, answer);
            }

            return answer;
        }

        public byte[] SharedPoint(PrivateKey key, PublicKey other) => Samples.Curve.SharedPoint(key, other);

        public PrivateKey? AddTweak(PrivateKey key, Hash256 tweak) => Samples.Curve.AddTweak(key, tweak);

        public PublicKey? AddTweak(PublicKey key, Hash256 tweak) => Samples.Curve.AddTweak(key, tweak);

        public bool IsPrivateKey(ReadOnlySpan<byte> bytes) => Samples.Curve.IsPrivateKey(bytes);
    }
}
