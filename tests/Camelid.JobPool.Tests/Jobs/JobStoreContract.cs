using Camelid.JobPool.Jobs;
using Camelid.JobPool.Storage;
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

    private protected abstract Task<JobStore> NewStoreAsync();

    [Fact]
    public async Task A_row_is_read_as_it_was_written()
    {
        JobStore store = await NewStoreAsync();
        JobRow row = RowOf("01", "key");
        Assert.True(await store.AddAsync(row, Stop));
        JobRow read = (await store.FindAsync(row.JobId, Stop))!;
        Assert.Equal(row.Parameters, read.Parameters);
        Assert.Equal((row.RequestKey, row.Deadline, row.Traceparent), (read.RequestKey, read.Deadline, read.Traceparent));
        Assert.Null(read.OfferTxid);

        JobRow changed = read with { OfferTxid = [1, 2], Attempt = 3, Worker = "pod", Failure = "ünïcode ✓", OutputText = "" };
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
            JobChange.Of(read with { Attempt = 9 }), _ => throw new InvalidOperationException("the outbox is full"), Stop));
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
    private protected static JobStore Open(IReadOnlyDictionary<string, string?> settings)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(settings);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<DataFolder>();
        builder.AddServiceDatabase<JobsDatabase>("jobs");
        return new JobStore(builder.Build().Services.GetRequiredService<JobsDatabase>());
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

    private protected override Task<JobStore> NewStoreAsync() =>
        Task.FromResult(Open(new Dictionary<string, string?> { ["Camelid:DataDir"] = folder }));
}

/// <summary>The store on PostgreSQL, where it is installed.</summary>
public sealed class PostgreSqlJobStoreTests(PostgreSqlServer server) : JobStoreContract, IClassFixture<PostgreSqlServer>
{
    private protected override async Task<JobStore> NewStoreAsync() => Open(new Dictionary<string, string?>
    {
        ["ConnectionStrings:jobs"] = await server.NewDatabaseAsync(Stop),
    });
}
