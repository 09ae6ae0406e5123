using Camelid.Contracts.Chain.V1;
using Camelid.Contracts.ModelRegistry.V1;
using Camelid.Gateway.Errors;
using Camelid.Gateway.Jobs;
using Camelid.Gateway.Tests.Completions;

namespace Camelid.Gateway.Tests.Jobs;

public sealed class OtherWorkersTests
{
    private static readonly Model Wanted = new() { Name = "camelid-nano", Root = SampleRequest.Hash(1) };

    [Fact]
    public void Workers_of_others_are_counted_and_the_lowest_price_is_named()
    {
        ApiError? error = OtherWorkers.Refusal(Wanted, [Worker(1, 1500), Worker(1, 900), Worker(2, 1)]);
        Assert.Equal((402, "payment_channel_needed"), (error!.Status, error.Code));
        Assert.Contains("2 workers", error.Message, StringComparison.Ordinal);
        Assert.Contains("900 grains", error.Message, StringComparison.Ordinal);
        Assert.Contains("POST /v1/jobs", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_own_worker_and_another_model_are_nobody_to_buy_from() =>
        Assert.Null(OtherWorkers.Refusal(Wanted, [Worker(1, 900, own: true), Worker(2, 900)]));

    private static ServiceDetails Worker(byte model, ulong price, bool own = false) => new()
    {
        Own = own,
        Role = ServiceRole.Worker,
        Models = { new ServedModel { ModelRoot = SampleRequest.Hash(model), PriceGrains = price } },
    };
}
