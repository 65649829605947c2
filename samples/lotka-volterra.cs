#:project ../src/ImplicitNet/ImplicitNet.csproj

// Hares x and lynxes y, x' = a x - b x y, y' = -c y + d x y: how many hares there are after ten years, and how that depends on the rates.
using ImplicitNet.Flows;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

Tensor rates = tensor(new[] { 1.5, 1, 3, 1 }).unsqueeze(0).requires_grad_();
Console.WriteLine("tolerance    hares    by a       by b       by c       by d    evaluations");
foreach (double tolerance in new[] { 1e-4, 1e-7, 1e-10 })
{
    rates.grad?.zero_();
    using FlowResult flow = After(10, rates, tolerance);
    flow.Output[0, 0].backward();
    Console.WriteLine($"{tolerance,9:0e-00} {flow.Output[0, 0].item<double>(),9:0.00000}{Row(rates.grad!)} {flow.Report.Evaluations,9}");
}
const double Step = 1e-4;
Tensor ways = Step * eye(4, dtype: ScalarType.Float64), around = cat([rates + ways, rates - ways], 0).detach();
using FlowResult moved = After(10, around, 1e-12);
Tensor hares = moved.Output[.., 0];
Console.WriteLine($"differences        {Row((hares[..4] - hares[4..]) / (2 * Step))} {moved.Report.Evaluations,9}, of eight flows");
// When are there twice as many hares as at the start, and how does that depend on a?
FlowEvent twice = new((t, u, _) => u[.., 0] - 2);
rates.grad!.zero_();
using FlowResult until = After(10, rates, 1e-10, twice);
until.Times.sum().backward();
Console.WriteLine($"twice as many after {until.Times[0].item<double>():0.000000} years{Row(rates.grad!)}");

static FlowResult After(double years, Tensor rates, double tolerance, FlowEvent? end = null)
{
    PerSampleField field = new(
        (t, u, with) => stack([u[.., 0] * (with.PerSample[0][.., 0] - (with.PerSample[0][.., 1] * u[.., 1])),
            u[.., 1] * ((with.PerSample[0][.., 3] * u[.., 0]) - with.PerSample[0][.., 2])], 1),
        new MapInputs { PerSample = [rates] });
    FlowSettings how = new() { Steps = new PidController { RelativeTolerance = tolerance, AbsoluteTolerance = tolerance } };
    return Implicit.Flow(field, ones(rates.shape[0], 2, ScalarType.Float64), FlowTimes.Between(0, years), how, end);
}
static string Row(Tensor numbers) => string.Concat(numbers.flatten().data<double>().Select(number => $" {number,10:0.000000}"));
