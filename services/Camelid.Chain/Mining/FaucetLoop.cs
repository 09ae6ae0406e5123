using Camelid.Chain.Market;
using Camelid.Chain.Peers;
using Camelid.Chain.Peers.Host;
using Camelid.Protocol.Market;
using Camelid.Protocol.Peers;

namespace Camelid.Chain.Mining;

/// <summary>Rule P-66: carries requests for coin to the neighbours, and those of neighbours to the faucet.</summary>
internal sealed partial class FaucetLoop(
    RegtestFaucet faucet, PeerHosting hosting, MessageHub hub, TimeProvider time, ILogger<FaucetLoop> logger)
    : BackgroundService
{
    private static readonly TimeSpan PauseMin = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PauseMax = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            if (faucet.Pays)
            {
                await PayAsync(stoppingToken);
            }
            else if (faucet.Asks)
            {
                await AskAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The node stops, or its peers do.
        }
    }

    private async Task PayAsync(CancellationToken cancellationToken)
    {
        using MessageSubscription subscription = hub.TrySubscribe([(byte)MessageKind.Funding])
            ?? throw new InvalidOperationException("there are too many readers of messages at the start");
        await foreach (IncomingMessage message in subscription.ReadAllAsync(cancellationToken))
        {
            FaucetAnswer answer = faucet.Pay(message.Body.Span);
            if (answer == FaucetAnswer.Paid)
            {
                LogPaid(message.Sender);
            }
            else
            {
                LogNotPaid(message.Sender, answer);
            }
        }
    }

    private async Task AskAsync(CancellationToken cancellationToken)
    {
        TimeSpan pause = PauseMin;
        while (true)
        {
            int asked = 0;
            if (faucet.Ask() is { } request)
            {
                byte[] body = request.Encode();
                asked = await hosting.AskAsync(engine => Send(engine, body));
                LogAsking(request.Grains, asked);
            }

            pause = asked == 0 ? PauseMin : TimeSpan.FromTicks(Math.Min(pause.Ticks * 3 / 2, PauseMax.Ticks));
            await Task.Delay(pause, time, cancellationToken);
        }
    }

    private static int Send(PeerEngine engine, byte[] body)
    {
        NodeId[] neighbours = [.. engine.View.List()
            .Where(peer => peer.Stage == PeerStage.Ready
                && peer.Kind is PeerKind.Inbound or PeerKind.Full or PeerKind.Manual)
            .Select(peer => peer.Node)];
        foreach (NodeId neighbour in neighbours)
        {
            engine.Envelopes.SendMessage(neighbour, (byte)MessageKind.Funding, body);
        }

        return neighbours.Length;
    }

    [LoggerMessage(1172, LogLevel.Information, "Node {Node} asked for coin and is paid")]
    private partial void LogPaid(NodeId node);

    [LoggerMessage(1174, LogLevel.Debug, "Node {Node} asks for coin: {Answer}")]
    private partial void LogNotPaid(NodeId node, FaucetAnswer answer);

    [LoggerMessage(1173, LogLevel.Information, "This node lacks {Grains} grains: {Count} neighbours are asked")]
    private partial void LogAsking(long grains, int count);
}
