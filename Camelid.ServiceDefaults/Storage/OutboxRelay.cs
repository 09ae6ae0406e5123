using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Camelid.ServiceDefaults.Telemetry;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Camelid.ServiceDefaults.Storage;

/// <summary>
/// Publishes what a service's transactions left in its outbox. A row is deleted only after the broker confirmed.
/// </summary>
internal sealed partial class OutboxRelay<TDatabase>(
    TDatabase database, IServiceProvider services, ILogger<OutboxRelay<TDatabase>> logger) : BackgroundService
    where TDatabase : ServiceDatabase
{
    private const int BatchMax = 100;
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BackOff = TimeSpan.FromSeconds(2);

    /// <summary>Rows leave in the order of their ids; on PostgreSQL several relays share the work.</summary>
    private string SelectBatch =>
        "select id, created, message_type as MessageType, body, correlation_id as CorrelationId, "
        + "traceparent from outbox order by id limit @BatchMax"
        + (database.IsPostgreSql ? " for update skip locked" : "");

    [SuppressMessage("Design", "CA1031", Justification =
        "The relay outlives every failure of the broker or the database.")]
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        IBusControl bus = services.GetRequiredService<IBusControl>();
        await bus.WaitForHealthStatus(BusHealthStatus.Healthy, stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await RelayBatchAsync(bus, stoppingToken) == 0)
                {
                    await database.OutboxWritten.WaitAsync(PollInterval, stoppingToken);
                }
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                LogRelayFailed(database.Name, exception.Message);
                await Task.Delay(BackOff, stoppingToken);
            }
        }
    }

    private async Task<int> RelayBatchAsync(IBus bus, CancellationToken cancellationToken)
    {
        if (database.IsPostgreSql)
        {
            return await database.WriteAsync(
                async session =>
                {
                    IReadOnlyList<OutboxRow> locked =
                        await session.QueryAsync<OutboxRow>(SelectBatch, new { BatchMax });
                    await PublishAsync(bus, locked, cancellationToken);
                    await DeleteAsync(session, locked);
                    return locked.Count;
                },
                cancellationToken);
        }

        IReadOnlyList<OutboxRow> rows = await database.ReadAsync(
            session => session.QueryAsync<OutboxRow>(SelectBatch, new { BatchMax }), cancellationToken);
        if (rows.Count > 0)
        {
            await PublishAsync(bus, rows, cancellationToken);
            await database.WriteAsync(session => DeleteAsync(session, rows), cancellationToken);
        }

        return rows.Count;
    }

    private static async Task DeleteAsync(DatabaseSession session, IReadOnlyList<OutboxRow> rows)
    {
        foreach (OutboxRow row in rows)
        {
            await session.ExecuteAsync("delete from outbox where id = @Id", new { row.Id });
        }
    }

    private static async Task PublishAsync(IBus bus, IReadOnlyList<OutboxRow> rows, CancellationToken cancellationToken)
    {
        foreach (OutboxRow row in rows)
        {
            Type type = Type.GetType(row.MessageType, throwOnError: true)!;
            object message = JsonSerializer.Deserialize(row.Body, type)
                ?? throw new UnreachableException($"outbox row {row.Id} holds no message");
            _ = ActivityContext.TryParse(row.Traceparent, null, true, out ActivityContext parent);
            using Activity? activity =
                ServiceTracing.Source.StartActivity("outbox publish", ActivityKind.Internal, parent);
            activity?.SetTag(ServiceTracing.JobIdTag, row.CorrelationId);
            await bus.Publish(
                message,
                type,
                Pipe.Execute<PublishContext>(context =>
                {
                    context.MessageId = Guid.ParseExact(row.Id, "N");
                    if (row.CorrelationId is { Length: >= 32 } correlation)
                    {
                        context.CorrelationId = Guid.ParseExact(correlation[..32], "N");
                    }
                }),
                cancellationToken);
        }
    }

    [LoggerMessage(9001, LogLevel.Warning,
        "The outbox of {Database} could not be relayed and will be tried again: {Reason}")]
    private partial void LogRelayFailed(string database, string reason);
}
