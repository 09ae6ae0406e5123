using Camelid.Verifier.Models;
using Camelid.Verifier.Rpc;
using Camelid.Verifier.Storage;

namespace Camelid.Verifier.Api;

/// <summary>Read routes for the operator: <c>/api/verification</c>.</summary>
internal static class VerificationRoutes
{
    private const int VerdictsDefault = 50;

    public static void MapVerification(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/verification", StatusAsync);
        routes.MapGet("/api/verification/verdicts", VerdictsAsync);
    }

    private static async Task<IResult> StatusAsync(
        VerdictsDatabase database, ModelHost host, VerifierMetrics metrics, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, long> counts = await database.CountAsync(cancellationToken);
        return Results.Ok(new
        {
            Ready = host.Model is not null,
            host.NotReadyReason,
            Passed = counts.GetValueOrDefault("passed"),
            Failed = counts.GetValueOrDefault("failed"),
            Inconclusive = counts.GetValueOrDefault("inconclusive"),
            metrics.Queue,
            NumericsClass = host.Model?.NumericsClass.ToString(),
        });
    }

    private static async Task<IResult> VerdictsAsync(
        int? limit, VerdictsDatabase database, CancellationToken cancellationToken)
    {
        if (limit is < 1 or > VerifierService.VerdictsMax)
        {
            return Results.Problem(
                $"limit: 1 to {VerifierService.VerdictsMax}, got {limit}", statusCode: StatusCodes.Status400BadRequest);
        }

        IReadOnlyList<VerdictRow> rows = await database.ListAsync(limit ?? VerdictsDefault, cancellationToken);
        return Results.Ok(rows.Select(row => new
        {
            row.JobId,
            row.TestamentHash,
            row.Level,
            row.Verdict,
            row.Finding,
            row.Position,
            row.ExpectedToken,
            AtUnixMs = row.At,
            row.Milliseconds,
        }));
    }
}
