using System.Collections.Concurrent;
using Camelid.ServiceDefaults.Bus;
using Camelid.ServiceDefaults.Storage;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Camelid.ServiceDefaults.Tests;

public sealed class OutboxTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-outbox").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_message_of_a_committed_transaction_arrives_and_one_of_a_failed_transaction_does_not()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        using IHost host = Build();
        await host.StartAsync(cancellation);
        LedgerDatabase database = host.Services.GetRequiredService<LedgerDatabase>();
        await Assert.ThrowsAsync<InvalidDataException>(() => database.WriteAsync(
            async session =>
            {
                await session.Publish(new CoinMoved(1));
                throw new InvalidDataException("the write fails after the message");
            },
            cancellation));
        await database.WriteAsync(session => session.Publish(new CoinMoved(2), new string('a', 64)), cancellation);

        Received received = host.Services.GetRequiredService<Received>();
        Assert.Equal(2, await received.First.Task.WaitAsync(TimeSpan.FromSeconds(30), cancellation));
        Assert.Equal([2], received.Numbers);
        await host.StopAsync(cancellation);
    }

    [Fact]
    public async Task A_message_left_by_a_process_that_died_is_published_by_the_next()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        ServiceDatabaseOptions<LedgerDatabase> options = LedgerFile("regtest/db/ledger.db");
        using (LedgerDatabase died = new(options))
        {
            await died.WriteAsync(session => session.Publish(new CoinMoved(7)), cancellation);
        }

        using IHost host = Build();
        await host.StartAsync(cancellation);
        Received received = host.Services.GetRequiredService<Received>();
        Assert.Equal(7, await received.First.Task.WaitAsync(TimeSpan.FromSeconds(30), cancellation));
        await host.StopAsync(cancellation);
    }

    [Fact]
    public async Task The_inbox_lets_each_key_in_once()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        using LedgerDatabase database = new(LedgerFile("inbox.db"));
        bool[] entered =
        [
            await database.WriteAsync(session => session.TryEnterInboxAsync("queue", "job 1"), cancellation),
            await database.WriteAsync(session => session.TryEnterInboxAsync("queue", "job 1"), cancellation),
            await database.WriteAsync(session => session.TryEnterInboxAsync("other-queue", "job 1"), cancellation),
        ];
        Assert.Equal([true, false, true], entered);
    }

    [Theory]
    [InlineData("JobComputed", "job-computed")]
    [InlineData("Block", "block")]
    public void A_queue_is_named_by_its_message(string message, string kebab) =>
        Assert.Equal(kebab, BusSetup.KebabCase(message));

    private ServiceDatabaseOptions<LedgerDatabase> LedgerFile(string path) =>
        ServiceDatabaseOptions.ForFile<LedgerDatabase>("ledger", Path.Combine(folder, path), TimeProvider.System);

    private IHost Build()
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Configuration["Camelid:DataDir"] = folder;
        builder.AddServiceDefaults();
        builder.AddServiceDatabase<LedgerDatabase>("ledger");
        builder.Services.AddSingleton<Received>();
        builder.Services.AddBusConsumer<CoinMovedConsumer, CoinMoved>("ledger");
        builder.AddServiceBus();
        return builder.Build();
    }

    public sealed record CoinMoved(int Number);

    public sealed class LedgerDatabase(ServiceDatabaseOptions<LedgerDatabase> options) : ServiceDatabase(options);

    public sealed class Received
    {
        public ConcurrentQueue<int> Numbers { get; } = new();

        public TaskCompletionSource<int> First { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    public sealed class CoinMovedConsumer(Received received) : IConsumer<CoinMoved>
    {
        public Task Consume(ConsumeContext<CoinMoved> context)
        {
            received.Numbers.Enqueue(context.Message.Number);
            received.First.TrySetResult(context.Message.Number);
            return Task.CompletedTask;
        }
    }
}
