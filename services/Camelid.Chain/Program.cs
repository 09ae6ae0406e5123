using Camelid.Chain;
using Camelid.ServiceDefaults.Bus;
using Camelid.ServiceDefaults.Rpc;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddChain();
builder.AddServiceBus();
WebApplication app = builder.Build();
app.UseServiceToken();
app.MapChain();
app.MapDefaultEndpoints();
await app.RunAsync();
