using System.Data.Common;
using System.Threading.Channels;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol.Trade;
using Camelid.ServiceDefaults.Hosting;
using Grpc.Core;

namespace Camelid.JobPool.Trade;

/// <summary>
/// Messages of other operators' nodes, as the Chain service hands them on: signed by their node, judged here. What
/// comes while nobody reads is lost and comes again.
/// </summary>
internal sealed partial class TradeInbox(
    MarketRpc.MarketRpcClient market, TradeInbox.Desks desks, IHostApplicationLifetime lifetime, TimeProvider time,
    ILogger<TradeInbox> logger)
    : BackgroundService
{
    /// <summary>Whom messages go to.</summary>
    internal sealed record Desks(
        OrderIntake Orders, PurchaseIntake Purchases, SaleIntake Sales, CheckDesk Checks, NodeConduct Conduct);

    private const int WaitingMax = 1024;
    private const int AtOnceMax = 4;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private static readonly TradeMessageKind[] Kinds =
    [
        TradeMessageKind.Order, TradeMessageKind.OrderAnswer, TradeMessageKind.Commitment,
        TradeMessageKind.CommitmentReceipt, TradeMessageKind.CheckRequest, TradeMessageKind.CheckAnswer,
    ];

    private bool wasAway;

    /// <summary>Judges and takes one message. Safe to repeat.</summary>
    public Task TakeAsync(NodeMessage message, CancellationToken cancellationToken) =>
        !desks.Conduct.Admit(message.Sender) ? Task.CompletedTask : (TradeMessageKind)message.Kind switch
        {
            TradeMessageKind.Order => desks.Orders.TakeAsync(message, cancellationToken),
            TradeMessageKind.OrderAnswer => desks.Purchases.TakeAnswerAsync(message, cancellationToken),
            TradeMessageKind.Commitment => desks.Purchases.TakeCommitmentAsync(message, cancellationToken),
            TradeMessageKind.CommitmentReceipt => desks.Sales.TakeReceiptAsync(message, cancellationToken),
            TradeMessageKind.CheckRequest => desks.Checks.TakeRequestAsync(message, cancellationToken),
            TradeMessageKind.CheckAnswer => desks.Purchases.TakeCheckAnswerAsync(message, cancellationToken),
            _ => Task.CompletedTask,
        };

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await lifetime.WaitStartedAsync(stoppingToken);

        // The server waits for open calls before this service is told to stop: so it ends its own when all stops.
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(
            stoppingToken, lifetime.ApplicationStopping);
        CancellationToken stop = ending.Token;
        Channel<NodeMessage> waiting = Channel.CreateBounded<NodeMessage>(
            new BoundedChannelOptions(WaitingMax) { FullMode = BoundedChannelFullMode.DropWrite });
        Task[] takers = [.. Enumerable.Range(0, AtOnceMax).Select(_ => TakeAllAsync(waiting.Reader, stop))];
        while (!stop.IsCancellationRequested)
        {
            await ReadAsync(waiting.Writer, stop);
            await Task.Delay(Pause, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        waiting.Writer.TryComplete();
        await Task.WhenAll(takers).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ReadAsync(ChannelWriter<NodeMessage> waiting, CancellationToken cancellationToken)
    {
        try
        {
            WatchMessagesRequest request = new() { Kinds = { Kinds.Select(kind => (uint)kind) } };
            using AsyncServerStreamingCall<NodeMessage> watch =
                market.WatchMessages(request, cancellationToken: cancellationToken);
            await foreach (NodeMessage message in watch.ResponseStream.ReadAllAsync(cancellationToken))
            {
                wasAway = false;
                waiting.TryWrite(message);
            }
        }
        catch (RpcException exception) when (!cancellationToken.IsCancellationRequested)
        {
            if (!wasAway)
            {
                LogAway(exception.Status.Detail);
            }

            wasAway = true;
        }
        catch (Exception exception) when (exception is OperationCanceledException or RpcException)
        {
            // The service stops.
        }
    }

    private async Task TakeAllAsync(ChannelReader<NodeMessage> waiting, CancellationToken cancellationToken)
    {
        await foreach (NodeMessage message in waiting.ReadAllAsync(cancellationToken))
        {
            try
            {
                await TakeAsync(message, cancellationToken);
            }
            catch (Exception exception) when (exception is RpcException or DbException or TimeoutException
                && !cancellationToken.IsCancellationRequested)
            {
                LogNotTaken(message.Kind, Convert.ToHexStringLower(message.Sender.Span), exception.Message);
            }
        }
    }

    [LoggerMessage(2051, LogLevel.Warning, "Messages of other operators cannot be read: {Reason}")]
    private partial void LogAway(string reason);

    [LoggerMessage(2052, LogLevel.Warning, "A message of kind {Kind} from node {Node} waits to be repeated: {Reason}")]
    private partial void LogNotTaken(uint kind, string node, string reason);
}
