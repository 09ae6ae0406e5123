using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Camelid.Client;
using Camelid.Client.Completions;
using Camelid.Client.Jobs;
using Camelid.Contracts.Chain.V1;
using Camelid.Contracts.JobPool.V1;
using Camelid.Gateway.Tests.Completions;
using Camelid.ServiceDefaults.Rpc;
using Grpc.Core;

namespace Camelid.Gateway.Tests.Jobs;

/// <summary>Batch jobs over HTTP, by the real gateway and the real client.</summary>
public sealed class BatchJobTests
{
    private static readonly JobRequest Request = new() { Model = "camelid-nano", Prompt = "abc", MaxTokens = 8 };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_job_is_opened_in_batch_mode_and_answered_with_202_and_its_place()
    {
        await using GatewayWorld world = await GatewayWorld.StartAsync(Stop);
        using HttpClient http = new() { BaseAddress = world.Address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", world.ApiKey);
        using StringContent body = new(
            """{"model":"camelid-nano","prompt":"abc","max_price_grains":1200,"deadline_seconds":30}""",
            Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await http.PostAsync(new Uri("/v1/jobs", UriKind.Relative), body, Stop);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Equal($"/v1/jobs/{JobsPeer.JobIdText}", response.Headers.Location?.OriginalString);
        Assert.Equal(JobsPeer.JobIdText, response.Headers.GetValues(CamelidClient.JobHeader).Single());
        SubmitJobRequest submitted = Assert.Single(world.Jobs.Submitted);
        Assert.Equal((JobMode.Batch, 1200ul, 30u),
            (submitted.Mode, submitted.MaxPriceGrains, submitted.DeadlineSeconds));
    }

    [Fact]
    public async Task A_request_with_the_same_key_is_the_same_job_and_with_another_body_a_conflict()
    {
        await using GatewayWorld world = await GatewayWorld.StartAsync(Stop);
        using CamelidClient client = world.Client();
        await client.SubmitJobAsync(Request, "once", Stop);
        await client.SubmitJobAsync(Request, "once", Stop);
        await client.SubmitJobAsync(Request, null, Stop);
        Assert.Equal(2, world.Jobs.Submitted.Select(submitted => submitted.RequestKey).Distinct().Count());
        CamelidRequestException conflict = await Assert.ThrowsAsync<CamelidRequestException>(
            () => client.SubmitJobAsync(Request with { MaxTokens = 9 }, "once", Stop));
        Assert.Equal(HttpStatusCode.Conflict, conflict.Status);
    }

    [Fact]
    public async Task While_a_job_runs_its_state_says_whose_money_is_where()
    {
        await using GatewayWorld world = await GatewayWorld.StartAsync(Stop);
        using CamelidClient client = world.Client();
        JobAnswerDocument answer = await client.GetAnswerAsync(JobsPeer.JobIdText, 0, Stop);
        Assert.Null(answer.Answer);
        Assert.Equal(("bought", "Your deposit is locked.", "a worker"),
            (answer.State!.Side, answer.State.Money, answer.State.WaitingFor));
    }

    [Fact]
    public async Task A_delivered_job_is_answered_as_a_completion_with_its_proof()
    {
        await using GatewayWorld world = await GatewayWorld.StartAsync(Stop);
        world.Jobs.Answer = new JobAnswer { Job = world.Jobs.Job, Text = "def", FinishReason = "stop" };
        world.Jobs.Job.Summary.OutputTokens = 3;
        using CamelidClient client = world.Client();
        CompletionDocument answer = (await client.GetAnswerAsync(JobsPeer.JobIdText, 60, Stop)).Answer!;
        Assert.Equal(("def", "stop"), (answer.Choices[0].Text, answer.Choices[0].FinishReason));
        Assert.Equal(("camelid-nano", 4L, 3L),
            (answer.Model, answer.Usage!.PromptTokens, answer.Usage.CompletionTokens));
        Assert.Equal(JobsPeer.JobIdText, answer.Camelid!.JobId);
    }

    [Theory]
    [InlineData("deadline-passed", "accepted", "no testament came", HttpStatusCode.ServiceUnavailable, "worker_lost")]
    [InlineData("deadline-passed", "created", "nobody took it", HttpStatusCode.ServiceUnavailable, "job_lapsed")]
    [InlineData("withdrawn", "created", "the client cancelled the job", HttpStatusCode.Conflict, "cancelled")]
    public async Task A_job_that_ended_without_an_answer_is_refused_by_its_name(
        string cause, string from, string failure, HttpStatusCode status, string code)
    {
        await using GatewayWorld world = await GatewayWorld.StartAsync(Stop);
        JobDetails job = world.Jobs.Job.Clone();
        job.Transitions.Add(new JobTransition { Facet = "payment", From = from, To = "expired", Cause = cause });
        world.Jobs.Answer = new JobAnswer { Job = job, Failure = failure };
        using CamelidClient client = world.Client();
        CamelidRequestException refusal = await Assert.ThrowsAsync<CamelidRequestException>(
            () => client.GetAnswerAsync(JobsPeer.JobIdText, 1, Stop));
        Assert.Equal((status, code, JobsPeer.JobIdText), (refusal.Status, refusal.Error.Code, refusal.JobId));
        Assert.Contains(JobsPeer.JobIdText, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refunded_job_has_no_answer_even_where_it_is_known_how_its_output_ended()
    {
        await using GatewayWorld world = await GatewayWorld.StartAsync(Stop);
        world.Jobs.HasReceipt = false;
        world.Jobs.Job.Summary.PaymentState = "refunded";
        world.Jobs.Job.Transitions.Add(new JobTransition { Facet = "payment", From = "paid", Cause = "refund-mined" });
        world.Jobs.Answer = new JobAnswer { Job = world.Jobs.Job, FinishReason = "stop" };
        using CamelidClient client = world.Client();
        CamelidRequestException refusal = await Assert.ThrowsAsync<CamelidRequestException>(
            () => client.GetAnswerAsync(JobsPeer.JobIdText, 1, Stop));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "worker_lost"), (refusal.Status, refusal.Error.Code));
    }

    [Fact]
    public async Task A_job_that_was_sold_keeps_its_answer_to_itself()
    {
        await using GatewayWorld world = await GatewayWorld.StartAsync(Stop);
        world.Jobs.Job.Summary.Side = "sold";
        world.Jobs.Answer = new JobAnswer { Job = world.Jobs.Job, Text = "def", FinishReason = "stop" };
        using CamelidClient client = world.Client();
        CamelidRequestException refusal = await Assert.ThrowsAsync<CamelidRequestException>(
            () => client.GetAnswerAsync(JobsPeer.JobIdText, 1, Stop));
        Assert.Equal("job_sold", refusal.Error.Code);
    }

    [Theory]
    [InlineData("no-money", StatusCode.FailedPrecondition, HttpStatusCode.PaymentRequired, "insufficient_funds")]
    [InlineData("no-worker", StatusCode.ResourceExhausted, HttpStatusCode.ServiceUnavailable, "no_worker")]
    public async Task A_batch_job_that_is_not_opened_says_why(
        string reason, StatusCode status, HttpStatusCode http, string code)
    {
        await using GatewayWorld world = await GatewayWorld.StartAsync(Stop);
        world.Market.Services.Add(Worker(1000));
        world.Jobs.Refusal = RpcReason.Exception(status, reason, "Because.");
        using CamelidClient client = world.Client();
        CamelidRequestException refusal = await Assert.ThrowsAsync<CamelidRequestException>(
            () => client.SubmitJobAsync(Request, null, Stop));
        Assert.Equal((http, code), (refusal.Status, refusal.Error.Code));
    }

    [Theory]
    [InlineData(true, HttpStatusCode.PaymentRequired, "payment_channel_needed")]
    [InlineData(false, HttpStatusCode.ServiceUnavailable, "no_worker")]
    public async Task A_completion_that_no_own_worker_serves_is_answered_402_where_others_would_and_503_where_nobody(
        bool othersServe, HttpStatusCode status, string code)
    {
        await using GatewayWorld world = await GatewayWorld.StartAsync(Stop);
        world.Jobs.Refusal = RpcReason.Exception(StatusCode.ResourceExhausted, "no-worker", "No worker.");
        if (othersServe)
        {
            world.Market.Services.Add(Worker(900));
        }

        using CamelidClient client = world.Client();
        CamelidRequestException refusal = await Assert.ThrowsAsync<CamelidRequestException>(
            () => client.CompleteAsync(new CompletionRequest { Model = "camelid-nano", Prompt = "abc" }, Stop));
        Assert.Equal((status, code), (refusal.Status, refusal.Error.Code));
    }

    [Theory]
    [InlineData("POST", "/cancel")]
    [InlineData("DELETE", "")]
    public async Task A_job_is_cancelled_by_either_way(string method, string path)
    {
        await using GatewayWorld world = await GatewayWorld.StartAsync(Stop);
        using HttpClient http = new() { BaseAddress = world.Address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", world.ApiKey);
        using HttpRequestMessage request = new(new HttpMethod(method), $"/v1/jobs/{JobsPeer.JobIdText}{path}");
        using HttpResponseMessage response = await http.SendAsync(request, Stop);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Equal(JobsPeer.JobId, Assert.Single(world.Jobs.Cancelled));
    }

    [Theory]
    [InlineData("wait=61", "wait")]
    [InlineData("wait=x", "wait")]
    [InlineData("format=xml", "format")]
    public async Task A_question_out_of_form_is_refused_by_name(string query, string param)
    {
        await using GatewayWorld world = await GatewayWorld.StartAsync(Stop);
        using HttpClient http = new() { BaseAddress = world.Address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", world.ApiKey);
        using HttpResponseMessage response = await http.GetAsync(
            new Uri($"/v1/jobs/{JobsPeer.JobIdText}/answer?{query}", UriKind.Relative), Stop);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains($"\"{param}\"", await response.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
    }

    private static ServiceDetails Worker(ulong price) => new()
    {
        Role = ServiceRole.Worker,
        Models = { new ServedModel { ModelRoot = SampleRequest.Hash(0xab), PriceGrains = price } },
    };
}
