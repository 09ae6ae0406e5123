using Camelid.ModelRegistry.Distribution.Links;
using Camelid.ModelRegistry.Distribution.Pulls;
using Camelid.ModelRegistry.Distribution.Serving;
using Camelid.ModelRuntime.Packages;
using Camelid.Protocol;
using Camelid.Protocol.Models.Chunks;

namespace Camelid.ModelRegistry.Tests.Distribution;

/// <summary>Rule J-36 over sockets: what a hostile holder sends is named, and the model comes from another.</summary>
public sealed class HostileHolderTests
{
    private static readonly PullSettings Quick = new()
    {
        Tick = TimeSpan.FromMilliseconds(20), FindPause = TimeSpan.FromMilliseconds(50),
        PatienceMax = TimeSpan.FromSeconds(20),
    };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("path", HolderFault.WrongChunk)]
    [InlineData("no-path", HolderFault.WrongChunk)]
    [InlineData("short", HolderFault.WrongChunk)]
    [InlineData("other-place", HolderFault.Unasked)]
    [InlineData("other-root", HolderFault.Unasked)]
    [InlineData("twice", HolderFault.Unasked)]
    [InlineData("giant", HolderFault.BadMessage)]
    [InlineData("garbage", HolderFault.BadMessage)]
    [InlineData("head-again", HolderFault.BadMessage)]
    [InlineData("truncated", HolderFault.Gone)]
    [InlineData("silence-then-end", HolderFault.Gone)]
    [InlineData("lacks-all", HolderFault.HasNothing)]
    public async Task What_it_sends_is_named_and_the_model_comes_from_another(string trick, HolderFault fault)
    {
        await using Swarm swarm = new();
        ModelPackage package = await RandomPackage.WriteAsync(Path.Combine(swarm.Folder, "a"), 5 << 20, 11);
        ShelfModel model = ShelfModel.Of(package);
        FakeHolder? self = null;
        await using FakeHolder fake = new(model, swarm.Terms, ask => ask is GetChunks chunks
            ? Trick(trick, self!.ChunkOf(new ChunkPlace(chunks.File, chunks.Indices[0])), model)
            : null);
        self = fake;
        swarm.Addresses.Add(new HolderAddress("fake", "127.0.0.1", fake.Port));
        ModelFetch fetch = swarm.Fetch(Quick with { HoldersAtOnce = 1 });
        Directory.CreateDirectory(swarm.Models);
        using PartialPackage partial = await PartialPackage.OpenAsync(
            swarm.Models, await fetch.FindHeadAsync(package.Root, Cancellation), Cancellation);

        // The honest one is known once the other was asked, so that the trick is played in any case.
        await fetch.FetchAsync(partial, () => ServeOnce(swarm, package, fetch), Cancellation);

        Holder bad = fetch.Roster.All.Single(holder => holder.Address.NodeId == "fake");
        Assert.Equal(fault, bad.Fault);
        Assert.Equal(fault.IsForGood() ? 1 : 0, fetch.Roster.Liars.Count);
        ModelPackage pulled = await partial.InstallAsync(new ModelInstallation(swarm.Models), Cancellation);
        Assert.Equal(package.Root, pulled.Root);
        Assert.InRange(fetch.Report()!.FetchesMost, 1, 2);
    }

    /// <summary>Rule J-32: a head of another root ends its holder, before any chunk is asked for.</summary>
    [Fact]
    public async Task A_false_head_is_named()
    {
        await using Swarm swarm = new();
        ModelPackage package = await RandomPackage.WriteAsync(Path.Combine(swarm.Folder, "a"), 2 << 20, 12);
        ShelfModel model = ShelfModel.Of(package);
        byte[] head = model.Head.ToArray();
        head[100] ^= 1;
        await using FakeHolder fake = new(model, swarm.Terms, ask =>
            ask is GetHead part ? [HeadPart.Of(model.Root, head, part.Offset)!.EncodeFrame()] : null);
        swarm.Addresses.Add(new HolderAddress("fake", "127.0.0.1", fake.Port));
        swarm.Serve(package);
        ModelFetch fetch = swarm.Fetch(Quick);
        Assert.Equal(package.Root, (await fetch.FindHeadAsync(package.Root, Cancellation)).Root);
        Assert.Equal(HolderFault.WrongHead, Assert.Single(fetch.Roster.Liars).Fault);
    }

    [Fact]
    public async Task A_node_of_another_network_is_not_asked()
    {
        await using Swarm swarm = new();
        ModelPackage package = await RandomPackage.WriteAsync(Path.Combine(swarm.Folder, "a"), 2 << 20, 13);
        ChunkLinkTerms other = swarm.Terms with { Network = Network.Test };
        await using FakeHolder fake = new(ShelfModel.Of(package), other, _ => null);
        swarm.Addresses.Add(new HolderAddress("fake", "127.0.0.1", fake.Port));
        ModelFetch fetch = swarm.Fetch(Quick with { PatienceMax = TimeSpan.Zero });
        PullException refusal = await Assert.ThrowsAsync<PullException>(() =>
            fetch.FindHeadAsync(package.Root, Cancellation));
        Assert.Equal("no-holder", refusal.Reason);
        Assert.Contains(package.Root.ToString(), refusal.Message, StringComparison.Ordinal);
    }

    private static void ServeOnce(Swarm swarm, ModelPackage package, ModelFetch fetch)
    {
        if (swarm.Addresses.Count == 1 && fetch.Roster.All[0].Fault != HolderFault.None)
        {
            swarm.Serve(package);
        }
    }

    private static IEnumerable<byte[]> Trick(string trick, ChunkAnswer good, ShelfModel model)
    {
        byte[] frame = good.EncodeFrame();
        return trick switch
        {
            "path" => [(good with { Path = [good.Root, .. good.Path.Skip(1)] }).EncodeFrame()],
            "no-path" => [(good with { Path = [] }).EncodeFrame()],
            "short" => [(good with { Content = good.Content[..^1] }).EncodeFrame()],
            "other-place" => [(good with { Place = good.Place with { Index = good.Place.Index + 1_000 } })
                .EncodeFrame()],
            "other-root" => [(good with { Root = default }).EncodeFrame()],
            "twice" => [frame, frame],
            "giant" => [[255, 255, 255, 0, (byte)ChunkKind.Chunk]],
            "garbage" => [[1, 0, 0, 0, 99]],
            "head-again" => [HeadPart.Of(model.Root, model.Head, 0)!.EncodeFrame()],
            "truncated" => [frame[..(frame.Length / 2)], []],
            "lacks-all" => [new HaveNot(model.Root, 0, []).EncodeFrame()],
            _ => [],
        };
    }
}
