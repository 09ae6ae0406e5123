using Camelid.JobPool;
using Camelid.ServiceDefaults.Bus;
using Camelid.ServiceDefaults.Rpc;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddJobPool();
builder.AddServiceBus();
WebApplication app = builder.Build();
app.UseServiceToken();
app.MapJobPool();
app.MapDefaultEndpoints();
await app.RunAsync();
