using Camelid.Contracts.Chain.V1;
using Camelid.ServiceDefaults.Rpc;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.Chain.Tests.Market;

/// <summary>Rules J-13 … J-15 at the operator's door: what is signed, and what is refused by which name.</summary>
public sealed class MarketRpcTests : IDisposable
{
    private static readonly ByteString Root = ByteString.CopyFrom([.. Enumerable.Repeat((byte)7, 32)]);

    private readonly string folder = Directory.CreateTempSubdirectory("camelid-market").FullName;
    private readonly ManualTime time = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task What_is_announced_is_listed_as_ones_own_and_the_next_takes_its_place()
    {
        await using ChainHost chain = await ChainHost.StartAsync(folder, time);
        await chain.StartPeersAsync();
        ByteString first = (await chain.Market.AnnounceService(Worker(busy: 0), new CallContext())).Id;
        ByteString second = (await chain.Market.AnnounceService(Worker(busy: 1), new CallContext())).Id;
        Assert.NotEqual(first, second);
        ServiceDetails listed = Assert.Single((await chain.Market.ListServices(
            new ListServicesRequest { Role = ServiceRole.Worker, ModelRoot = Root }, new CallContext())).Services);
        Assert.Equal((1u, true), (listed.SlotsBusy, listed.Own));
        Assert.Equal(200_000_000, listed.StakeGrains);
        Assert.Empty((await chain.Market.ListServices(
            new ListServicesRequest { Role = ServiceRole.Verifier }, new CallContext())).Services);
        await chain.StopPeersAsync();
    }

    [Fact]
    public async Task Who_announces_too_often_is_told_to_wait()
    {
        await using ChainHost chain = await ChainHost.StartAsync(folder, time);
        await chain.StartPeersAsync();
        for (uint i = 0; i < 6; i++)
        {
            await chain.Market.AnnounceService(Worker(busy: i % 2), new CallContext());
        }

        RpcException refusal = await Assert.ThrowsAsync<RpcException>(
            () => chain.Market.AnnounceService(Worker(busy: 0), new CallContext()));
        Assert.Equal((StatusCode.ResourceExhausted, "too-often"), (refusal.StatusCode, RpcReason.Of(refusal)));
        time.Advance(2);
        await chain.Market.AnnounceService(Worker(busy: 0), new CallContext());
        await chain.StopPeersAsync();
    }

    [Fact]
    public async Task Without_a_stake_in_a_block_nothing_is_announced()
    {
        await using ChainHost chain = await ChainHost.OpenAsync(folder, time);
        RpcException refusal = await Assert.ThrowsAsync<RpcException>(
            () => chain.Market.AnnounceService(Worker(busy: 0), new CallContext()));
        Assert.Equal((StatusCode.FailedPrecondition, "no-stake"), (refusal.StatusCode, RpcReason.Of(refusal)));
    }

    [Fact]
    public async Task A_locked_wallet_announces_nothing_and_says_so()
    {
        await using ChainHost chain = await ChainHost.StartAsync(folder, time);
        chain.State.Keys.Vault.Lock();
        RpcException refusal = await Assert.ThrowsAsync<RpcException>(
            () => chain.Market.AnnounceService(Worker(busy: 0), new CallContext()));
        Assert.Equal((StatusCode.FailedPrecondition, "wallet-locked"), (refusal.StatusCode, RpcReason.Of(refusal)));
    }

    [Fact]
    public async Task An_offer_that_was_never_opened_is_not_found()
    {
        await using ChainHost chain = await ChainHost.OpenAsync(folder, time);
        RpcException refusal = await Assert.ThrowsAsync<RpcException>(
            () => chain.Market.AnnounceOffer(new AnnounceOfferRequest { JobId = Root }, new CallContext()));
        Assert.Equal(StatusCode.NotFound, refusal.StatusCode);
    }

    [Theory]
    [InlineData("", "", 1_234u, "127.0.0.1:1234")]
    [InlineData("", "192.0.2.1:8633", 1_234u, "192.0.2.1:1234")]
    [InlineData("192.0.2.9", "192.0.2.1:8633", 1_234u, "192.0.2.9:1234")]
    [InlineData("2001:db8::1", "", 1_234u, "[2001:db8::1]:1234")]
    [InlineData("a-name", "", 1_234u, null)]
    [InlineData("", "", 0u, null)]
    [InlineData("", "", 65_536u, null)]
    public async Task Chunks_are_where_the_request_says_or_where_peers_see_this_node(
        string host, string published, uint port, string? expected)
    {
        await using ChainHost chain = await ChainHost.OpenAsync(folder, time, $"Chain:PublicAddress={published}");
        await chain.StartPeersAsync();
        AnnounceModelsRequest request = new()
        {
            ChunkHost = host, ChunkPort = port, LifetimeSeconds = 60,
            Models = { new HeldModel { ModelRoot = Root, Name = "kamel", BytesCount = 3 } },
        };
        if (expected is null)
        {
            RpcException refusal = await Assert.ThrowsAsync<RpcException>(
                () => chain.Market.AnnounceModels(request, new CallContext()));
            Assert.Equal(StatusCode.InvalidArgument, refusal.StatusCode);
        }
        else
        {
            await chain.Market.AnnounceModels(request, new CallContext());
            ListHoldingsReply reply = await chain.Market.ListHoldings(
                new ListHoldingsRequest { ModelRoot = Root }, new CallContext());
            HoldingDetails holding = Assert.Single(reply.Holdings);
            Assert.Equal((expected, true), (holding.ChunkAddress, holding.Own));
        }

        await chain.StopPeersAsync();
    }

    [Fact]
    public async Task Fields_out_of_their_bounds_are_refused_as_such()
    {
        await using ChainHost chain = await ChainHost.StartAsync(folder, time);
        await chain.StartPeersAsync();
        AnnounceServiceRequest[] wrong =
        [
            Change(request => request.Role = ServiceRole.Unspecified),
            Change(request => request.LifetimeSeconds = 9),
            Change(request => request.SlotsBusy = 3),
            Change(request => request.Models[0].ModelRoot = ByteString.Empty),
            Change(request => request.Models.Add(request.Models[0])),
        ];
        foreach (AnnounceServiceRequest request in wrong)
        {
            RpcException refusal = await Assert.ThrowsAsync<RpcException>(
                () => chain.Market.AnnounceService(request, new CallContext()));
            Assert.Equal(StatusCode.InvalidArgument, refusal.StatusCode);
        }

        RpcException tooLong = await Assert.ThrowsAsync<RpcException>(() => chain.Market.SendMessage(
            new SendMessageRequest
            {
                Receiver = ByteString.CopyFrom([.. Enumerable.Repeat((byte)1, 20)]), Kind = 20,
                Body = ByteString.CopyFrom(new byte[Protocol.Market.MessageParts.BytesMax + 1]),
            },
            new CallContext()));
        Assert.Equal(StatusCode.InvalidArgument, tooLong.StatusCode);
        await chain.StopPeersAsync();
    }

    private static AnnounceServiceRequest Worker(uint busy) => new()
    {
        Role = ServiceRole.Worker,
        Slots = 2,
        SlotsBusy = busy,
        LifetimeSeconds = 60,
        Models = { new ServedModel { ModelRoot = Root, PriceGrains = 5, NumericsClass = Root } },
    };

    private static AnnounceServiceRequest Change(Action<AnnounceServiceRequest> change)
    {
        AnnounceServiceRequest request = Worker(busy: 0);
        change(request);
        return request;
    }
}
