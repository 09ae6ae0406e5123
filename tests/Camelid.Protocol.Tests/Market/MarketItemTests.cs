using Camelid.Protocol.Market;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Tests.Jobs;
using Camelid.Protocol.Tests.Transactions;
using FsCheck;
using FsCheck.Fluent;

namespace Camelid.Protocol.Tests.Market;

/// <summary>Rules J-13 … J-15: one encoding for each item, its bounds, and what a signature binds.</summary>
public sealed class MarketItemTests
{
    private static readonly Config Quiet = Config.QuickThrowOnFailure.WithMaxTest(300);

    public static TheoryData<MarketKind> Kinds => [MarketKind.Service, MarketKind.Holding, MarketKind.Offer];

    [Theory]
    [MemberData(nameof(Kinds))]
    [Trait("Rule", "J-13")]
    [Trait("Rule", "J-14")]
    [Trait("Rule", "J-15")]
    public void An_item_comes_back_equal_and_under_its_id(MarketKind kind)
    {
        MarketItem item = Sample(kind);
        Assert.True(MarketItem.TryDecode(kind, item.Encode(), out MarketItem? read));
        Assert.Equal(item, read);
        Assert.Equal(item.Id, read!.Id);
        Assert.Equal(item.GetHashCode(), read.GetHashCode());
        Assert.Equal(RuleCode.Accepted, Judge(read));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void No_item_is_read_as_one_of_another_kind(MarketKind kind)
    {
        byte[] bytes = Sample(kind).Encode();
        foreach (byte other in Enumerable.Range(0, 8).Select(i => (byte)i).Where(i => i != (byte)kind))
        {
            Assert.False(MarketItem.TryDecode((MarketKind)other, bytes, out _));
        }
    }

    /// <summary>Each byte of each item, changed: it is out of form, or of another network, or not signed.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void No_byte_of_an_item_can_be_changed(MarketKind kind)
    {
        MarketItem item = Sample(kind);
        byte[] bytes = item.Encode();
        for (int i = 0; i < bytes.Length; i++)
        {
            byte[] changed = [.. bytes];
            changed[i] ^= 0x40;
            if (MarketItem.TryDecode(kind, changed, out MarketItem? read))
            {
                Assert.NotEqual(item.Id, read!.Id);
                Assert.NotEqual(RuleCode.Accepted, Judge(read));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void An_item_cut_short_or_with_a_byte_more_is_refused(MarketKind kind)
    {
        byte[] bytes = Sample(kind).Encode();
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.False(MarketItem.TryDecode(kind, bytes.AsSpan(0, length), out _));
        }

        Assert.False(MarketItem.TryDecode(kind, [.. bytes, 0], out _));
    }

    [Fact]
    public void Drawn_bytes_are_refused_or_are_canonical() => Prop.ForAll<int, byte[], int>((which, noise, cut) =>
    {
        MarketItem item = MarketSamples.All[(int)((uint)which % MarketSamples.All.Count)];
        byte[] bytes = item.Encode();
        int at = (int)((uint)cut % (bytes.Length + 1));
        byte[] mixed = [.. bytes.AsSpan(0, at), .. noise, .. bytes.AsSpan(Math.Min(bytes.Length, at + noise.Length))];
        return !MarketItem.TryDecode(item.Kind, mixed, out MarketItem? read) || read!.Encode().SequenceEqual(mixed);
    }).Check(Quiet);

    [Fact]
    public void Drawn_services_come_back_equal() => Prop.ForAll<uint, ulong[], byte>((number, prices, role) =>
    {
        ServiceAnnouncement service = MarketSamples.Service() with
        {
            Role = (ServiceRole)(1 + (role % 2)),
            Slots = number % 65_536,
            SlotsBusy = number % 65_536 / 2,
            Queue = number % 1_000_001,
            LifetimeSeconds = 10 + (number % 3_591),
            Models = ServiceAnnouncement.InOrder(prices.Take(32).Select((price, i) => new ServedModel(
                SampleJobs.HashOf($"{i}"), price % Amount.GrainsMax, SampleJobs.HashOf($"{price}")))),
        };
        return ServiceAnnouncement.TryDecode(service.Encode(), out ServiceAnnouncement? read) && service == read;
    }).Check(Quiet);

    public static TheoryData<string, bool> ServiceForms => Forms(ServiceCases);

    public static TheoryData<string, bool> HoldingForms => Forms(HoldingCases);

    public static TheoryData<string, bool> OfferForms => Forms(OfferCases);

    [Theory]
    [MemberData(nameof(ServiceForms))]
    [Trait("Rule", "J-13")]
    public void A_service_announcement_stays_within_its_bounds(string name, bool isGood) =>
        CheckForm(ServiceCases[name].Item, isGood);

    [Theory]
    [MemberData(nameof(HoldingForms))]
    [Trait("Rule", "J-14")]
    public void A_holding_announcement_stays_within_its_bounds(string name, bool isGood) =>
        CheckForm(HoldingCases[name].Item, isGood);

    [Theory]
    [MemberData(nameof(OfferForms))]
    [Trait("Rule", "J-15")]
    public void An_offer_stays_within_its_bounds(string name, bool isGood) => CheckForm(OfferCases[name].Item, isGood);

    /// <summary>A lone surrogate would come back as another name.</summary>
    [Fact]
    public void Half_a_letter_is_no_name() => Assert.False(Held(model => model with { Name = "\ud83d" }).IsInForm);

    [Fact]
    [Trait("Rule", "P-59")]
    public void The_largest_items_have_the_most_bytes()
    {
        byte[] signature = new byte[MarketItem.SignatureBytesMax];
        ServiceAnnouncement service = MarketSamples.Service() with
        {
            Models = MarketSamples.Models(ServiceAnnouncement.ModelsMax), Signature = signature,
        };
        HoldingAnnouncement holding = MarketSamples.Holding() with
        {
            Models =
            [
                .. MarketSamples.Held(HoldingAnnouncement.ModelsMax)
                    .Select(model => model with { Name = new string('x', HeldModel.NameBytesMax) }),
            ],
            Signature = signature,
        };
        JobOffer offer = MarketSamples.Offer() with { Signature = signature };
        Assert.Equal(ServiceAnnouncement.BytesMax, service.Encode().Length);
        Assert.Equal(HoldingAnnouncement.BytesMax, holding.Encode().Length);
        Assert.Equal(JobOffer.BytesMax, offer.Encode().Length);
        Assert.All(
            new MarketItem[] { service, holding, offer },
            item => Assert.True(new MarketMessage(item).Encode().Length <= PeerCommand.Market.PayloadBytesMax()));
    }

    [Theory]
    [InlineData(0, RuleCode.Accepted)]
    [InlineData(120, RuleCode.Accepted)]
    [InlineData(121, RuleCode.MarketTime)]
    [InlineData(-59, RuleCode.Accepted)]
    [InlineData(-60, RuleCode.MarketExpired)]
    public void An_announcement_counts_from_its_time_for_its_life(int aheadSeconds, RuleCode expected)
    {
        uint created = (uint)(MarketSamples.Now + aheadSeconds);
        Assert.Equal(expected, Judge(MarketSamples.Signed(MarketSamples.Service(created), MarketSamples.Worker)));
        Assert.Equal(expected, Judge(MarketSamples.Signed(MarketSamples.Holding(created), MarketSamples.Node)));
    }

    [Theory]
    [InlineData(0, RuleCode.Accepted)]
    [InlineData(59, RuleCode.Accepted)]
    [InlineData(60, RuleCode.MarketExpired)]
    [InlineData(-121, RuleCode.MarketTime)]
    public void An_offer_counts_until_its_deadline(int laterSeconds, RuleCode expected) => Assert.Equal(
        expected,
        MarketRules.Check(
            Sample(MarketKind.Offer), MarketSamples.Genesis, (uint)(MarketSamples.Now + laterSeconds), Samples.Curve));

    [Theory]
    [MemberData(nameof(Kinds))]
    public void An_item_of_another_network_or_signer_is_refused(MarketKind kind)
    {
        MarketItem item = Sample(kind);
        Assert.Equal(RuleCode.MarketOtherNetwork, MarketRules.Check(
            item, Network.Main.GenesisHash.Value, MarketSamples.Now, Samples.Curve));
        Assert.Equal(RuleCode.MarketSignature, Judge(MarketSamples.Signed(item, Samples.Key(9))));
        Assert.Equal(RuleCode.MarketSignature, Judge(item with { Signature = default }));
        Assert.Equal(RuleCode.MarketForm, Judge(item with { Created = MarketItem.CreatedMin - 1 }));
        Assert.Throws<ArgumentException>(() => item with { Signature = new byte[73] });
    }

    private static Dictionary<string, (MarketItem Item, bool IsGood)> ServiceCases { get; } = new()
    {
        ["no model"] = (MarketSamples.Service() with { Models = [] }, true),
        ["32 models"] = (MarketSamples.Service() with { Models = MarketSamples.Models(32) }, true),
        ["33 models"] = (MarketSamples.Service() with { Models = MarketSamples.Models(33) }, false),
        ["descending models"] =
            (MarketSamples.Service() with { Models = [.. MarketSamples.Models(2).Reverse()] }, false),
        ["one model twice"] = (MarketSamples.Service() with
        {
            Models = [MarketSamples.Models(1)[0], MarketSamples.Models(1)[0] with { PriceGrains = 9 }],
        }, false),
        ["a model that is zero"] = (MarketSamples.Service() with { Models = [default] }, false),
        ["all coin"] = (MarketSamples.Service() with
        {
            Models = [MarketSamples.Models(1)[0] with { PriceGrains = Amount.GrainsMax }],
        }, true),
        ["more than all coin"] = (MarketSamples.Service() with
        {
            Models = [MarketSamples.Models(1)[0] with { PriceGrains = Amount.GrainsMax + 1UL }],
        }, false),
        ["no role"] = (MarketSamples.Service() with { Role = ServiceRole.Unset }, false),
        ["a verifier"] = (MarketSamples.Service() with { Role = ServiceRole.Verifier }, true),
        ["a third role"] = (MarketSamples.Service() with { Role = (ServiceRole)3 }, false),
        ["no node"] = (MarketSamples.Service() with { Node = default }, false),
        ["no stake"] = (MarketSamples.Service() with { Stake = default }, false),
        ["all slots busy"] = (MarketSamples.Service() with { Slots = 65_535, SlotsBusy = 65_535 }, true),
        ["more busy than there are"] = (MarketSamples.Service() with { SlotsBusy = 5 }, false),
        ["too many slots"] = (MarketSamples.Service() with { Slots = 65_536 }, false),
        ["a long queue"] = (MarketSamples.Service() with { Queue = 1_000_000 }, true),
        ["too long a queue"] = (MarketSamples.Service() with { Queue = 1_000_001 }, false),
        ["9 s"] = (MarketSamples.Service() with { LifetimeSeconds = 9 }, false),
        ["10 s"] = (MarketSamples.Service() with { LifetimeSeconds = 10 }, true),
        ["3,600 s"] = (MarketSamples.Service() with { LifetimeSeconds = 3_600 }, true),
        ["3,601 s"] = (MarketSamples.Service() with { LifetimeSeconds = 3_601 }, false),
        ["the last second"] = (MarketSamples.Service(uint.MaxValue - 60), true),
        ["beyond the last second"] = (MarketSamples.Service(uint.MaxValue - 59), false),
        ["before lock times mean seconds"] = (MarketSamples.Service(499_999_999), false),
    };

    private static Dictionary<string, (MarketItem Item, bool IsGood)> HoldingCases { get; } = new()
    {
        ["no model"] = (MarketSamples.Holding() with { Models = [] }, true),
        ["64 models"] = (MarketSamples.Holding() with { Models = MarketSamples.Held(64) }, true),
        ["65 models"] = (MarketSamples.Holding() with { Models = MarketSamples.Held(65) }, false),
        ["descending models"] = (MarketSamples.Holding() with { Models = [.. MarketSamples.Held(2).Reverse()] }, false),
        ["one model twice"] = (MarketSamples.Holding() with
        {
            Models = [MarketSamples.Held(1)[0], MarketSamples.Held(1)[0]],
        }, false),
        ["a model without parent"] = (Held(model => model with { ParentRoot = default }), true),
        ["its own parent"] = (Held(model => model with { ParentRoot = model.ModelRoot }), false),
        ["a model that is zero"] = (Held(model => model with { ModelRoot = default }), false),
        ["no name"] = (Held(model => model with { Name = "" }), false),
        ["a name of 128 bytes"] = (Held(model => model with { Name = new string('n', 128) }), true),
        ["a name of 129 bytes"] = (Held(model => model with { Name = new string('n', 129) }), false),
        ["129 bytes in 43 letters"] = (Held(model => model with { Name = new string('€', 43) }), false),
        ["a name with a line break"] = (Held(model => model with { Name = "a\nb" }), false),
        ["the largest package"] = (Held(model => model with { BytesCount = HeldModel.BytesCountMax }), true),
        ["a larger package"] = (Held(model => model with { BytesCount = HeldModel.BytesCountMax + 1 }), false),
        ["a negative package"] = (Held(model => model with { BytesCount = -1 }), false),
        ["9 s"] = (MarketSamples.Holding() with { LifetimeSeconds = 9 }, false),
        ["3,600 s"] = (MarketSamples.Holding() with { LifetimeSeconds = 3_600 }, true),
        ["3,601 s"] = (MarketSamples.Holding() with { LifetimeSeconds = 3_601 }, false),
    };

    private static Dictionary<string, (MarketItem Item, bool IsGood)> OfferCases { get; } = new()
    {
        ["no job"] = (MarketSamples.Offer() with { JobId = default }, false),
        ["no client"] = (MarketSamples.Offer() with { ClientNode = default }, false),
        ["no model"] = (MarketSamples.Offer() with { ModelRoot = default }, false),
        ["no transaction"] = (MarketSamples.Offer() with { OfferTxid = default }, false),
        ["no prompt"] = (MarketSamples.Offer() with { PromptTokens = 0 }, false),
        ["the longest prompt"] = (MarketSamples.Offer() with { PromptTokens = 131_072 }, true),
        ["a longer prompt"] = (MarketSamples.Offer() with { PromptTokens = 131_073 }, false),
        ["no output"] = (MarketSamples.Offer() with { MaxTokens = 0 }, false),
        ["the longest output"] = (MarketSamples.Offer() with { MaxTokens = 131_072 }, true),
        ["a longer output"] = (MarketSamples.Offer() with { MaxTokens = 131_073 }, false),
        ["all coin"] = (Priced(Amount.GrainsMax / 2, 0), true),
        ["all coin and a fee"] = (Priced(Amount.GrainsMax / 2, 1), false),
        ["a price that wraps"] = (Priced(ulong.MaxValue, ulong.MaxValue), false),
        ["over before it began"] = (MarketSamples.Offer() with { Deadline = MarketSamples.Now }, false),
        ["one second"] = (MarketSamples.Offer() with { Deadline = MarketSamples.Now + 1 }, true),
        ["14 days"] = (MarketSamples.Offer() with { Deadline = MarketSamples.Now + JobOffer.SecondsMax }, true),
        ["more"] = (MarketSamples.Offer() with { Deadline = MarketSamples.Now + JobOffer.SecondsMax + 1 }, false),
    };

    private static JobOffer Priced(ulong price, ulong fee) => MarketSamples.Offer() with
    {
        PromptTokens = 1, MaxTokens = 1, PriceGrainsPerToken = price, FeeGrains = fee,
    };

    private static HoldingAnnouncement Held(Func<HeldModel, HeldModel> change) =>
        MarketSamples.Holding() with { Models = [change(MarketSamples.Held(1)[0])] };

    private static TheoryData<string, bool> Forms(Dictionary<string, (MarketItem Item, bool IsGood)> cases)
    {
        TheoryData<string, bool> data = [];
        foreach ((string name, (MarketItem _, bool isGood)) in cases)
        {
            data.Add(name, isGood);
        }

        return data;
    }

    private static void CheckForm(MarketItem item, bool isGood)
    {
        Assert.Equal(isGood, item.IsInForm);
        Assert.Equal(isGood, MarketItem.TryDecode(item.Kind, item.Encode(), out MarketItem? read));
        Assert.True(!isGood || item == read);
    }

    private static MarketItem Sample(MarketKind kind) => MarketSamples.All.Single(item => item.Kind == kind);

    private static RuleCode Judge(MarketItem item) =>
        MarketRules.Check(item, MarketSamples.Genesis, MarketSamples.Now, Samples.Curve);
}
