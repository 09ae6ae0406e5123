using System.Globalization;
using Camelid.Contracts.Chain.V1;
using Camelid.Contracts.ModelRegistry.V1;
using Camelid.Gateway.Errors;
using Grpc.Core;

namespace Camelid.Gateway.Jobs;

/// <summary>What other operators offer where no own worker can serve a request.</summary>
internal sealed class OtherWorkers(MarketRpc.MarketRpcClient market, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Refuses with 402 where other operators serve the model: they answer at once by a channel only, or later by
    /// escrow. Where nobody does, it returns, and the request is refused for its own reason.
    /// </summary>
    /// <exception cref="ApiException">Others serve the model.</exception>
    public async Task RefuseIfServedAsync(Model model, CancellationToken cancellationToken)
    {
        if (Refusal(model, await AskAsync(model, cancellationToken)) is { } error)
        {
            throw new ApiException(error);
        }
    }

    /// <summary>The refusal that fits the announcements, or null where there is none for the model.</summary>
    internal static ApiError? Refusal(Model model, IReadOnlyList<ServiceDetails> services)
    {
        ulong[] prices =
        [
            .. services.Where(service => !service.Own).SelectMany(service =>
                service.Models.Where(served => served.ModelRoot == model.Root).Take(1))
                .Select(served => served.PriceGrains),
        ];
        if (prices.Length == 0)
        {
            return null;
        }

        string count = prices.Length == 1 ? "One worker" : string.Create(
            CultureInfo.InvariantCulture, $"{prices.Length} workers");
        return new ApiError
        {
            Status = StatusCodes.Status402PaymentRequired,
            Message = string.Create(CultureInfo.InvariantCulture,
                $"No worker of this operator serves '{model.Name}'. {count} of other operators would, from ")
                + string.Create(CultureInfo.InvariantCulture, $"{prices.Min()} grains a token, but an answer at once ")
                + "needs a payment channel with them, and there is none. POST /v1/jobs buys the answer by escrow: "
                + "it comes once the payment is buried.",
            Type = "payment_required",
            Code = "payment_channel_needed",
        };
    }

    private async Task<IReadOnlyList<ServiceDetails>> AskAsync(Model model, CancellationToken cancellationToken)
    {
        try
        {
            ListServicesReply reply = await market.ListServicesAsync(
                new ListServicesRequest { Role = ServiceRole.Worker, ModelRoot = model.Root },
                deadline: (time.GetUtcNow() + Patience).UtcDateTime, cancellationToken: cancellationToken);
            return reply.Services;
        }
        catch (RpcException) when (!cancellationToken.IsCancellationRequested)
        {
            // What others offer is not known: the request is refused for what is known.
            return [];
        }
    }
}
