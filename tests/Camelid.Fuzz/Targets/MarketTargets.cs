using Camelid.Protocol;
using Camelid.Protocol.Market;
using Camelid.Protocol.Tests.Market;
using Camelid.Protocol.Tests.Peers;
using ChainSamples = Camelid.Protocol.Tests.Transactions.Samples;

namespace Camelid.Fuzz.Targets;

/// <summary>What operators that never met tell each other.</summary>
internal static class MarketTargets
{
    internal static IEnumerable<IFuzzTarget> All =>
    [
        Item<ServiceAnnouncement>("market-service", MarketKind.Service),
        Item<HoldingAnnouncement>("market-holding", MarketKind.Holding),
        Item<JobOffer>("market-offer", MarketKind.Offer),
        new MessagePartsTarget(),
        new CodecTarget<FundingRequest>(
            "funding-request",
            input => FundingRequest.TryDecode(input, out FundingRequest? request) ? request : null,
            request => request.Encode())
        {
            Values = () =>
            [
                new FundingRequest
                {
                    Genesis = MarketSamples.Genesis, Payee = PeerSamples.Id(3).Value, Grains = 2 * Amount.GrainsPerCoin,
                },
            ],
        },
    ];

    private static CodecTarget<MarketItem> Item<T>(string name, MarketKind kind) => new(
        name, input => MarketItem.TryDecode(kind, input, out MarketItem? item) ? item : null, item => item.Encode())
    {
        Covers = ["MarketItem.TryDecode", $"{typeof(T).Name}.TryDecode"],
        Values = () => MarketSamples.All.Where(item => item.Kind == kind),
        Use = item => FuzzFault.Require(
            MarketRules.Check(item, MarketSamples.Genesis, MarketSamples.Now, ChainSamples.Curve) != RuleCode.Accepted
                || MarketSamples.All.Contains(item),
            "a changed item is accepted"),
    };

    /// <summary>Bodies of envelopes: what is read is put together within bounds, and nothing throws.</summary>
    private sealed class MessagePartsTarget : IFuzzTarget
    {
        public string Name => "message-parts";

        public FuzzAllowance Allowance => FuzzAllowance.Decoder;

        public IReadOnlyList<string> Covers => ["MessageParts.TryDecode"];

        public IEnumerable<byte[]> Samples() =>
            [MessageParts.Split(1, "whole"u8)[0], MessageParts.Split(1, new byte[MessageParts.PartBytesMax + 9])[1]];

        public bool Run(ReadOnlySpan<byte> input)
        {
            MessageAssembler assembler = new(new AssemblyBounds { SenderBytesMax = 32, TotalBytesMax = 32 });
            RuleCode code = assembler.Take(PeerSamples.Id(3), 1, input, 0, out ReadOnlyMemory<byte>? whole);
            FuzzFault.Require(assembler.Bytes <= 32, "more is kept than may be");
            FuzzFault.Require(whole is null || code == RuleCode.Accepted, "a refused message is handed on");
            return code == RuleCode.Accepted;
        }
    }
}
