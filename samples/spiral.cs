#:project ../src/ImplicitNet.Reports/ImplicitNet.Reports.csproj

// A neural ODE learns a spiral from short pieces of it with uneven times, each with its own: u' = f(u), f a small network.
using ImplicitNet.Flows;
using ImplicitNet.Networks;
using ImplicitNet.Reports.Flows;
using TorchSharp;
using static TorchSharp.torch;

random.manual_seed(2);
Tensor clock = cat([zeros(1, ScalarType.Float64), 10 * rand(60, ScalarType.Float64).sort().Values]);
Tensor start = tensor(new[,] { { 2f, 0f } }), turn = tensor(new[,] { { -0.1f, 2 }, { -2, -0.1f } });
using PerSampleField spiral = new((t, u) => u.mm(turn));
using FlowSolution truth = Flow.Solve(spiral, start, FlowTimes.Of(clock));
Tensor pieces = arange(54).unsqueeze(1) + arange(8), seen = truth.States.squeeze(1)[pieces].transpose(0, 1);
using FlowLayer layer = new(nn.Sequential(nn.Linear(2, 50), nn.Tanh(), nn.Linear(50, 2)), FlowTimes.Of(clock[pieces]));
optim.Optimizer optimizer = optim.Adam(layer.parameters(), 0.02);
for (int step = 1; step <= 100; step++)
{
    using DisposeScope scope = NewDisposeScope();
    optimizer.zero_grad();
    using FlowResult flow = layer.Run(seen[0]);
    Tensor loss = (flow.States - seen).abs().mean();
    loss.backward();
    optimizer.step();
    Console.Write(step % 25 == 0 ? $"step {step,3}: mean error {loss.item<float>():0.000}, {flow.Report.Evaluations} evaluations\n" : "");
}

FlowTrace trace = new();
using FlowResult learned = layer.Run(start, FlowTimes.Of(clock), trace: trace);
Console.WriteLine(learned.Report);
string folder = Directory.CreateTempSubdirectory("spiral-").FullName;
new PhasePortrait { Title = "Spiral", Kinds = ["true", "learned"], Lines = [Line(truth.States, 0), Line(learned.States.detach(), 1)] }
    .Save(Path.Combine(folder, "spiral.svg"));
StepsOverTime.Save(Path.Combine(folder, "steps.svg"), trace);
Console.WriteLine($"Pictures in {folder}");

static FlowLine Line(Tensor states, int kind) => new(
    [.. states.flatten().data<float>().Select(value => (double)value).Chunk(2).Select(place => (place[0], place[1]))], kind);
