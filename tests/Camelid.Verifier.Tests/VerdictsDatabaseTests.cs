using Camelid.ServiceDefaults.Storage;
using Camelid.Verifier.Storage;

namespace Camelid.Verifier.Tests;

public sealed class VerdictsDatabaseTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-verdicts").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_testament_has_one_verdict_and_the_first_one_stands()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        using VerdictsDatabase database = new(ServiceDatabaseOptions.ForFile<VerdictsDatabase>(
            "verdicts", Path.Combine(folder, "verdicts.db"), TimeProvider.System));
        VerdictRow passed = new()
        {
            TestamentHash = new string('a', 64),
            JobId = new string('b', 64),
            Level = "full",
            Verdict = "passed",
            Attestation = [1],
            Signature = [2],
            VerifierKey = [3],
            DrawSecret = [4],
        };
        Assert.Null(await database.RepeatAsync(passed.TestamentHash, cancellation));

        VerdictRow first = await database.DecideAsync(passed, cancellation);
        VerdictRow second = await database.DecideAsync(passed with { Verdict = "failed", Position = 3 }, cancellation);
        VerdictRow? again = await database.RepeatAsync(passed.TestamentHash, cancellation);

        Assert.Equal(("passed", "passed", "passed"), (first.Verdict, second.Verdict, again?.Verdict));
        Assert.Equal(1, (await database.CountAsync(cancellation))["passed"]);
        Assert.Single(await database.ListAsync(10, cancellation));
        long told = await database.ReadAsync(
            session => session.QueryFirstOrDefaultAsync<long>("select count(*) from outbox"), cancellation);
        Assert.Equal(3, told);
    }
}
