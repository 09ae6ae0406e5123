using System.Buffers.Binary;
using Camelid.Chain.Peers;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Peers;

namespace Camelid.Fuzz.Engine;

/// <summary>
/// Rules P-31 to P-34: the peer engine under sequences of connections, bytes, messages, pauses and ends. Whatever
/// comes in whatever order, it keeps its bounds, sends only what can be read, and follows an honest peer afterwards.
/// </summary>
/// <param name="judgedBy">Bounds that are not the engine's, for tests of the target; null for the engine's.</param>
internal sealed class EngineTarget(PeerOptions? judgedBy = null) : IFuzzTarget
{
    private const byte Hostile = 8;
    private const int HonestTicksMax = 600;

    /// <inheritdoc/>
    public string Name => "peer-engine";

    /// <inheritdoc/>
    public int Share => 4;

    /// <summary>A node with its chain; and messages in and out for each step.</summary>
    public FuzzAllowance Allowance => new(64 << 20, 16_384);

    /// <inheritdoc/>
    public IReadOnlyList<string> Covers => [];

    /// <inheritdoc/>
    public IEnumerable<byte[]> Samples()
    {
        for (byte kind = 0; kind < EngineMenu.Kinds; kind++)
        {
            yield return new EngineScript().Do(EngineStep.Greet).Do(EngineStep.Message, 0, kind, 0)
                .Do(EngineStep.Message, 0, kind, 1).Do(EngineStep.Pass, 0, 3).Do(EngineStep.Message, 0, kind, 2)
                .ToArray();
        }

        yield return new EngineScript().Do(EngineStep.Greet).Do(EngineStep.Greet, 1).Do(EngineStep.Message, 0, 12, 0)
            .Do(EngineStep.Message, 0, 15, 0).Do(EngineStep.Message, 1, 15, 2).Do(EngineStep.Message, 1, 15, 3)
            .Do(EngineStep.Pass, 0, 210).Do(EngineStep.Disconnect, 1).ToArray();
        yield return new EngineScript().Do(EngineStep.Greet).Do(EngineStep.Message, 0, 5, 0)
            .Do(EngineStep.Pass, 0, 5).Do(EngineStep.Message, 0, 17, 3).Do(EngineStep.Message, 0, 17, 0)
            .Do(EngineStep.Message, 0, 17, 2).Do(EngineStep.Pieces, 0, 20, 0, 9).Do(EngineStep.Stall)
            .Do(EngineStep.Message, 0, 7, 4).ToArray();
        yield return new EngineScript().Do(EngineStep.Connect, 2)
            .Send(2, new EnginePeer(2).Frame(new EnginePeer(2).Ours)).Do(EngineStep.Dial, 3).Do(EngineStep.Pass, 0, 220)
            .Do(EngineStep.Dial, 3).Do(EngineStep.Operate, 2, 1).ToArray();
    }

    /// <inheritdoc/>
    public bool Run(ReadOnlySpan<byte> input)
    {
        using EngineWorld world = new();
        EnginePeer[] peers = [.. Enumerable.Range(0, Hostile).Select(i => new EnginePeer((byte)i))];
        EngineInput reader = new(input);
        int steps = 0;
        while (!reader.AtEnd && steps < EngineScript.StepsMax)
        {
            Step(world, peers, ref reader);
            Check(world, judgedBy ?? EngineWorld.Options);
            steps++;
        }

        FollowsHonest(world, peers);
        return steps > 1;
    }

    private static void Step(EngineWorld world, EnginePeer[] peers, ref EngineInput input)
    {
        EngineStep step = (EngineStep)(input.Byte() % Enum.GetValues<EngineStep>().Length);
        if (step == EngineStep.Pass)
        {
            byte time = input.Byte();
            world.Pass(time < 200 ? TimeSpan.FromMilliseconds(100 * time) : TimeSpan.FromSeconds(time - 199));
            return;
        }

        EnginePeer peer = peers[input.Byte() % peers.Length];
        switch (step)
        {
            case EngineStep.Connect:
                world.Connect(peer);
                break;
            case EngineStep.Greet:
                Greet(world, peer);
                break;
            case EngineStep.Disconnect:
                world.Disconnect(peer);
                break;
            case EngineStep.Bytes:
                world.Receive(peer, input.Counted());
                break;
            case EngineStep.Payload:
                world.Receive(peer, input.Framed(peer));
                break;
            case EngineStep.Message:
                world.Receive(peer, peer.Frame(EngineMenu.Of(peer, input.Byte(), input.Byte())));
                break;
            case EngineStep.Pieces:
                byte[] frame = peer.Frame(EngineMenu.Of(peer, input.Byte(), input.Byte()));
                int cut = input.Byte() % frame.Length;
                world.Receive(peer, frame.AsSpan(0, cut));
                world.Receive(peer, frame.AsSpan(cut));
                break;
            default:
                StepAside(world, peer, step, ref input);
                break;
        }
    }

    private static void StepAside(EngineWorld world, EnginePeer peer, EngineStep step, ref EngineInput input)
    {
        if (step == EngineStep.Stall)
        {
            peer.Reads = !peer.Reads;
            if (peer.Reads)
            {
                world.Drain(peer);
            }
        }
        else if (step == EngineStep.Dial)
        {
            world.Answer(peer.Id is null ? peer : null);
            world.Engine.Slots.Manual.TrySet(peer.Address.ToString(), peer.Address);
        }
        else
        {
            Operate(world, peer, input.Byte());
        }
    }

    private static void Operate(EngineWorld world, EnginePeer peer, byte what)
    {
        switch (what % 3)
        {
            case 0:
                world.Engine.Operator.Ban(PeerHost.Of(peer.Address), TimeSpan.FromSeconds(what));
                break;
            case 1:
                world.Engine.Operator.Unban(PeerHost.Of(peer.Address));
                break;
            default:
                world.Engine.Operator.Disconnect(peer.Id?.Number, peer.Address);
                break;
        }
    }

    private static void Greet(EngineWorld world, EnginePeer peer)
    {
        world.Connect(peer);
        world.Receive(peer, peer.Frame(peer.Ours));
        if (peer.Proof() is { } proof)
        {
            world.Receive(peer, proof);
        }
    }

    private static void Check(EngineWorld world, PeerOptions bounds)
    {
        PeerCounts counts = world.Engine.View.Counts();
        FuzzFault.Require(world.Engine.View.List().Count <= bounds.ConnectionsMax, "too many connections");
        FuzzFault.Require(counts.Orphans <= bounds.OrphansMax, "too many orphans");
        FuzzFault.Require(counts.TransactionsWanted <= bounds.TransactionsWantedMax, "too many wanted transactions");
        FuzzFault.Require(
            counts.BlocksInFlight <= bounds.BlocksInFlightMax * bounds.ConnectionsMax, "too many blocks in flight");
        FuzzFault.Require(
            world.Engine.View.List().All(peer => peer.BlocksInFlight <= bounds.BlocksInFlightMax),
            "a peer is asked for too many blocks");
        FuzzFault.Require(
            counts.QueuedBytes <= bounds.ConnectionsMax * (long)bounds.SendQueueBytesMax, "too much waits");
    }

    /// <summary>The strangers stay connected, but for those that make room.</summary>
    private static void FollowsHonest(EngineWorld world, EnginePeer[] peers)
    {
        foreach (EnginePeer peer in peers.Take(Hostile / 2))
        {
            world.Disconnect(peer);
        }

        EnginePeer honest = new(100);
        Greet(world, honest);
        BlockHash tip = EngineChain.Honest[^1].Hash;
        for (int tick = 0; tick < HonestTicksMax && world.State.Read(reading => reading.Tip.Hash) != tip; tick++)
        {
            FuzzFault.Require(honest.Id is not null, "an honest peer is dropped");
            Serve(world, honest);
            world.Pass(TimeSpan.FromMilliseconds(100));
        }

        FuzzFault.Require(
            world.State.Read(reading => reading.Tip.Hash) == tip, "an honest peer with more work is not followed");
    }

    private static void Serve(EngineWorld world, EnginePeer honest)
    {
        if (honest.IsAskedForHeaders)
        {
            honest.IsAskedForHeaders = false;
            world.Receive(honest, honest.Frame(new HeadersMessage(
                [.. EngineChain.Base.Concat(EngineChain.Honest).Select(block => block.Header)])));
        }

        if (honest.Ping != 0)
        {
            world.Receive(honest, honest.Frame(new PongMessage(honest.Ping)));
            honest.Ping = 0;
        }

        InventoryList? asked = honest.Asked;
        honest.Asked = null;
        foreach (InventoryEntry entry in asked?.Entries ?? [])
        {
            Block? block = EngineChain.Honest.FirstOrDefault(block => block.Hash.Value == entry.Hash);
            world.Receive(honest, honest.Frame(block is null
                ? new NotFoundMessage(new InventoryList([entry]))
                : new BlockMessage(block)));
        }
    }
}

/// <summary>Reads a sequence; what is missing at its end is zeros.</summary>
internal ref struct EngineInput(ReadOnlySpan<byte> input)
{
    private ReadOnlySpan<byte> left = input;

    /// <summary>True where nothing is left.</summary>
    public readonly bool AtEnd => left.IsEmpty;

    /// <summary>The next byte.</summary>
    public byte Byte()
    {
        byte value = left.IsEmpty ? (byte)0 : left[0];
        left = left.IsEmpty ? left : left[1..];
        return value;
    }

    /// <summary>Two bytes of length, then as many, or what is left.</summary>
    public ReadOnlySpan<byte> Counted()
    {
        int length = Math.Min(Byte() | (Byte() << 8), left.Length);
        ReadOnlySpan<byte> counted = left[..length];
        left = left[length..];
        return counted;
    }

    /// <summary>A byte for the command, then a payload; the whole frame, with length and checksum.</summary>
    public byte[] Framed(EnginePeer peer)
    {
        PeerCommand command = PeerCommands.All[Byte() % PeerCommands.All.Count];
        byte[] frame = peer.Frame(new PingMessage(0));
        Span<byte> name = frame.AsSpan(4, 12);
        name.Clear();
        System.Text.Encoding.ASCII.GetBytes(command.Name(), name);
        byte[] body = [.. frame.AsSpan(PeerFrame.HeaderBytes, frame.Length - PeerFrame.HeaderBytes - 8), .. Counted()];
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(16), (uint)body.Length);
        Hashes.Sha256d(body).ToBytes().AsSpan(0, 4).CopyTo(frame.AsSpan(20));
        return [.. frame.AsSpan(0, PeerFrame.HeaderBytes), .. body];
    }
}
