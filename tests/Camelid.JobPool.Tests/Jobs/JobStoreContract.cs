using Camelid.Contracts.JobPool.V1;
using Camelid.JobPool.Jobs;
using Camelid.JobPool.Storage;
using Camelid.JobPool.Trade;
using Camelid.Protocol.Jobs;
using Camelid.ServiceDefaults.Hosting;
using Camelid.ServiceDefaults.Storage;
using Camelid.TestKit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Camelid.JobPool.Tests.Jobs;

/// <summary>What the store promises, on whatever engine.</summary>
public abstract class JobStoreContract
{
    private protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    private protected abstract Task<JobsDatabase> NewDatabaseAsync();

    private async Task<JobStore> NewStoreAsync() => new(await NewDatabaseAsync());

    [Fact]
    public async Task A_row_is_read_as_it_was_written()
    {
        JobStore store = await NewStoreAsync();
        JobRow row = RowOf("01", "key");
        Assert.True(await store.AddAsync(row, Stop));
        JobRow read = (await store.FindAsync(row.JobId, Stop))!;
        Assert.Equal(row.Parameters, read.Parameters);
        Assert.Equal(
            (row.RequestKey, row.Deadline, row.Traceparent), (read.RequestKey, read.Deadline, read.Traceparent));
        Assert.Null(read.OfferTxid);

        JobRow changed = read with
        {
            OfferTxid = [1, 2], Attempt = 3, Worker = "pod", Failure = "ünïcode ✓", OutputText = "",
        };
        Assert.True(await store.SaveAsync(JobChange.Of(changed), null, Stop));
        read = (await store.FindAsync(row.JobId, Stop))!;
        Assert.Equal([1, 2], read.OfferTxid);
        Assert.Equal((3, "pod", "ünïcode ✓", ""), (read.Attempt, read.Worker, read.Failure, read.OutputText));
        Assert.Equal(row.Version + 1, read.Version);
    }

    [Fact]
    public async Task A_request_key_is_taken_once()
    {
        JobStore store = await NewStoreAsync();
        Assert.True(await store.AddAsync(RowOf("01", "key"), Stop));
        Assert.False(await store.AddAsync(RowOf("02", "key"), Stop));
        Assert.True(await store.AddAsync(RowOf("03", "other"), Stop));
        Assert.Equal(RowOf("01", "key").JobId, (await store.FindByRequestAsync("key", Stop))!.JobId);
    }

    [Fact]
    public async Task A_writer_that_read_an_older_version_saves_nothing()
    {
        JobStore store = await NewStoreAsync();
        await store.AddAsync(RowOf("01", "key"), Stop);
        JobRow read = (await store.FindAsync(RowOf("01", "key").JobId, Stop))!;
        JobChange moved = JobFacets.Move(JobChange.Of(read), PaymentCause.AssignmentSigned, 5);
        Assert.True(await store.SaveAsync(moved, null, Stop));
        Assert.False(await store.SaveAsync(moved, _ => throw new InvalidOperationException("published in vain"), Stop));
        JobTransitionRow transition = Assert.Single(await store.ListTransitionsAsync(read.JobId, Stop));
        Assert.Equal(("created", "accepted", 5), (transition.FromState, transition.ToState, transition.At));
    }

    [Fact]
    public async Task A_change_whose_message_cannot_be_written_is_not_saved()
    {
        JobStore store = await NewStoreAsync();
        await store.AddAsync(RowOf("01", "key"), Stop);
        JobRow read = (await store.FindAsync(RowOf("01", "key").JobId, Stop))!;
        await Assert.ThrowsAsync<InvalidOperationException>(() => store.SaveAsync(
            JobChange.Of(read with { Attempt = 9 }),
            _ => throw new InvalidOperationException("the outbox is full"),
            Stop));
        Assert.Equal(0, (await store.FindAsync(read.JobId, Stop))!.Attempt);
    }

    [Fact]
    public async Task A_lease_is_extended_by_its_holder_only()
    {
        JobStore store = await NewStoreAsync();
        await store.AddAsync(RowOf("01", "key"), Stop);
        JobRow read = (await store.FindAsync(RowOf("01", "key").JobId, Stop))!;
        JobChange held = JobFacets.Move(
            JobChange.Of(read with { Worker = "one", Attempt = 1 }), PaymentCause.AssignmentSigned, 5);
        await store.SaveAsync(held, null, Stop);
        Assert.True(await store.ExtendLeaseAsync(held.Row, 77, Stop));
        Assert.False(await store.ExtendLeaseAsync(held.Row with { Worker = "two" }, 88, Stop));
        Assert.False(await store.ExtendLeaseAsync(held.Row with { Attempt = 2 }, 88, Stop));
        Assert.Equal(77, (await store.FindAsync(read.JobId, Stop))!.LeaseUntil);
    }

    [Fact]
    public async Task Open_jobs_are_due_in_order_and_closed_ones_never()
    {
        JobStore store = await NewStoreAsync();
        await store.AddAsync(RowOf("01", "a") with { Due = 30 }, Stop);
        await store.AddAsync(RowOf("02", "b") with { Due = 10 }, Stop);
        await store.AddAsync(RowOf("03", "c") with { Due = 5, IsOpen = 0 }, Stop);
        Assert.Equal([Id("02")], await store.ListDueAsync(29, 10, Stop));
        Assert.Equal([Id("02"), Id("01")], await store.ListDueAsync(30, 10, Stop));
        await store.PostponeAsync(Id("02"), 100, Stop);
        Assert.Equal([Id("01")], await store.ListDueAsync(30, 10, Stop));
        await store.DueAllAsync(Stop);
        Assert.Equal(2, (await store.ListDueAsync(0, 10, Stop)).Count);
        Assert.Equal(3, (await store.CountAsync(Stop)).Sum(count => count.Jobs));
        Assert.Equal(3, await store.CountWaitingAsync(Stop));
    }

    [Fact]
    public async Task Jobs_are_listed_newest_first_and_page_by_page()
    {
        JobStore store = await NewStoreAsync();
        await store.AddAsync(RowOf("01", "a") with { Created = 10 }, Stop);
        await store.AddAsync(RowOf("02", "b") with { Created = 20 }, Stop);
        await store.AddAsync(RowOf("03", "c") with { Created = 30 }, Stop);
        Assert.Equal([Id("03"), Id("02")], (await store.ListAsync(0, 2, Stop)).Select(row => row.JobId));
        Assert.Equal([Id("01")], (await store.ListAsync(20, 2, Stop)).Select(row => row.JobId));
    }

    [Fact]
    public async Task What_was_agreed_with_another_operator_is_kept()
    {
        JobStore store = await NewStoreAsync();
        JobRow sold = RowOf("01", "a") with
        {
            Side = JobSide.Sold, PeerNode = [1], StakeId = [2], OfferTxid = [3], IsOfferClosed = 1, VerifyBy = "third",
        };
        await store.AddAsync(sold, Stop);
        JobRow read = (await store.FindAsync(sold.JobId, Stop))!;
        Assert.Equal((JobSide.Sold, 1, "third"), (read.Side, read.IsOfferClosed, read.VerifyBy));
        Assert.Equal([1, 2, 3], [.. read.PeerNode!, .. read.StakeId!, .. read.OfferTxid!]);
        JobRow changed = read with
        {
            OrderAnswerSignature = [4], PeerAnswered = 5, Envelope = [6], Delivery = [7], VerifierNode = [8],
            VerifierStakeId = [9], Delivered = 10,
        };
        await store.SaveAsync(JobChange.Of(changed), null, Stop);
        read = (await store.FindAsync(sold.JobId, Stop))!;
        Assert.Equal((5, 10), (read.PeerAnswered, read.Delivered));
        Assert.Equal([4, 6, 7], [.. read.OrderAnswerSignature!, .. read.Envelope!, .. read.Delivery!]);
        Assert.Equal([8, 9], [.. read.VerifierNode!, .. read.VerifierStakeId!]);
    }

    [Fact]
    public async Task A_stakes_record_counts_what_is_open_and_what_failed_lately()
    {
        JobStore store = await NewStoreAsync();
        byte[] stake = [1, 1];
        (string State, long Updated, long Cancelled)[] jobs =
        [
            ("created", 5, 0), ("accepted", 5, 0), ("settled", 100, 0), ("expired", 100, 0), ("expired", 99, 0),
            ("refunded", 100, 0), ("dismissed", 100, 0), ("dismissed", 100, 1),
        ];
        for (int i = 0; i < jobs.Length; i++)
        {
            JobRow row = RowOf($"0{i}", $"k{i}") with
            {
                Side = JobSide.Bought, StakeId = stake, PaymentState = jobs[i].State, Updated = jobs[i].Updated,
            };
            await store.AddAsync(row, Stop);
            await store.SaveAsync(JobChange.Of(row with { IsCancelled = jobs[i].Cancelled }), null, Stop);
        }

        JobRow own = RowOf("09", "own") with { StakeId = stake, PaymentState = "expired", Updated = 100 };
        await store.AddAsync(own, Stop);
        StakeRecord record = Assert.Single(await store.StakeRecordsAsync(100, Stop));
        Assert.Equal(stake, record.StakeId);
        Assert.Equal((2, 3), (record.Open, record.Failed));
    }

    [Fact]
    public async Task Open_jobs_of_other_operators_are_counted_for_each_client()
    {
        JobStore store = await NewStoreAsync();
        Assert.Equal(new SoldCount(), await store.CountSoldAsync([2], Stop));
        await store.AddAsync(RowOf("01", "a") with { Side = JobSide.Sold }, Stop);
        await store.AddAsync(RowOf("02", "b") with { Side = JobSide.Sold, ClientKey = [3] }, Stop);
        await store.AddAsync(RowOf("03", "c") with { Side = JobSide.Sold, PaymentState = "paid" }, Stop);
        await store.AddAsync(RowOf("04", "d"), Stop);
        SoldCount count = await store.CountSoldAsync([2], Stop);
        Assert.Equal((2, 1), (count.Total, count.OfClient));
    }

    [Fact]
    public async Task A_check_is_kept_once_and_its_first_verdict_stands()
    {
        CheckStore store = new(await NewDatabaseAsync());
        CheckRow row = new()
        {
            TestamentHash = Id("01"), JobId = Id("02"), ClientNode = [1], ClientKey = [2], Received = 50,
            Sent = 50,
        };
        VerifyJob command = new()
        {
            JobId = row.JobId, Parameters = [], Seed = [], Output = [], TestamentHash = [], NumericsClass = [],
        };
        await store.SendAsync(row, command, Stop);
        await store.SendAsync(row with { Sent = 60, ClientNode = [9] }, command, Stop);
        CheckRow read = (await store.FindAsync(row.TestamentHash, Stop))!;
        Assert.Equal((50, 60, 0), (read.Received, read.Sent, read.Answered));
        Assert.Equal([1], read.ClientNode);
        CheckCount count = await store.CountAsync([2], 50, Stop);
        Assert.Equal((1, 1), (count.OfClient, count.Waiting));
        Assert.Equal(new CheckCount(), await store.CountAsync([2], 51, Stop));
        Assert.True(await store.AnswerAsync(row.TestamentHash, [5], 70, Stop));
        Assert.False(await store.AnswerAsync(row.TestamentHash, [6], 80, Stop));
        Assert.Equal([5], (await store.FindAsync(row.TestamentHash, Stop))!.Answer);
    }

    private protected static string Id(string number) => number.PadLeft(64, '0');

    private protected static JobRow RowOf(string number, string requestKey) => new()
    {
        JobId = Id(number),
        RequestKey = requestKey,
        PaymentState = "created",
        VerificationState = "pending",
        Version = 1,
        IsOpen = 1,
        Parameters = [1, 2, 3],
        ModelRoot = new byte[32],
        Nonce = new byte[32],
        VerificationLevel = "full",
        Deadline = 1_900_000_000,
        Traceparent = "00-trace",
        ClientKey = [2],
    };

    /// <summary>A store over a host's registrations, as in production, without starting the host.</summary>
    private protected static JobsDatabase Open(IReadOnlyDictionary<string, string?> settings)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(settings);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<DataFolder>();
        builder.AddServiceDatabase<JobsDatabase>("jobs");
        return builder.Build().Services.GetRequiredService<JobsDatabase>();
    }
}

/// <summary>The store on a SQLite file.</summary>
public sealed class SqliteJobStoreTests : JobStoreContract, IDisposable
{
    private readonly string folder =
        System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"camelid-jobs-{Guid.NewGuid():N}");

    public void Dispose()
    {
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(folder, recursive: true);
    }

    private protected override Task<JobsDatabase> NewDatabaseAsync() =>
        Task.FromResult(Open(new Dictionary<string, string?> { ["Camelid:DataDir"] = folder }));
}

/// <summary>The store on PostgreSQL, where it is installed.</summary>
public sealed class PostgreSqlJobStoreTests(PostgreSqlServer server) : JobStoreContract, IClassFixture<PostgreSqlServer>
{
    private protected override async Task<JobsDatabase> NewDatabaseAsync() => Open(new Dictionary<string, string?>
    {
        ["ConnectionStrings:jobs"] = await server.NewDatabaseAsync(Stop),
    });
}
