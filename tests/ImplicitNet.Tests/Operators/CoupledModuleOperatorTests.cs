using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

public sealed class CoupledModuleOperatorTests : TensorTest
{
    [Fact]
    public void In_training_mode_the_batch_is_one_system_and_in_evaluation_mode_each_sample_one()
    {
        using DisposeScope scope = NewDisposeScope();
        using CoupledModuleOperator latentOperator = new(new NormalizedSum());
        Tensor q = randn(6, 4);
        using (FixedPointMap map = latentOperator.Bind(q))
        {
            Assert.False(map.IsPerSample);
            using FixedPointSolution solution = FixedPoint.Solve(map, latentOperator.StartingLatent(q));
            Assert.Single(solution.Report.Samples.Select(sample => (sample.Steps, sample.Residual)).Distinct());
            Assert.True(solution.Report.AllConverged);
        }

        latentOperator.eval();
        using FixedPointMap single = latentOperator.Bind(q);
        Assert.True(single.IsPerSample);
        Tensor all = single.Evaluate(zeros(6, 4));
        using FixedPointMap some = single.Restrict(tensor(new long[] { 4, 1 }));
        Assert.True(some.Evaluate(zeros(2, 4)).equal(all[tensor(new long[] { 4, 1 })]).all().ToBoolean());
    }

    private sealed class NormalizedSum : nn.Module<Tensor, Tensor, Tensor>
    {
        [ComponentName(Name = "norm")]
        private readonly BatchNorm1d _norm = nn.BatchNorm1d(4, affine: false);

        public NormalizedSum()
            : base(nameof(NormalizedSum)) => RegisterComponents();

        public override Tensor forward(Tensor u, Tensor q)
        {
            using Tensor sum = u + q;
            using Tensor normalized = _norm.call(sum);
            return normalized * 0.3;
        }
    }
}
