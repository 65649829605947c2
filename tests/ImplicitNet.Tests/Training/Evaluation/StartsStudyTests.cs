using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Tests.Solvers.Fronts;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Evaluation;
using ImplicitNet.Training.Tasks;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Training.Evaluation;

public sealed class StartsStudyTests : TensorTest
{
    [Fact]
    public void The_area_is_the_share_of_pairs_in_which_the_right_one_has_more_agreement()
    {
        Random random = new(1);
        for (int i = 0; i < 50; i++)
        {
            StartsStudy.Sample[] samples = [.. Enumerable.Range(0, 40).Select(_ => new StartsStudy.Sample(random.Next(0, 5), random.Next(3) > 0) { LeastProbability = random.NextDouble() })];
            Assert.Equal(Pairs(samples, sample => sample.Agreeing), new StartsStudy(4, samples).AreaUnderCurve, 12);
            Assert.Equal(Pairs(samples, sample => sample.LeastProbability), new StartsStudy(4, samples).AreaOfProbability, 12);
        }

        static double Pairs(StartsStudy.Sample[] samples, Func<StartsStudy.Sample, double> trust) =>
            (from right in samples where right.IsRight from wrong in samples where !wrong.IsRight select trust(right) > trust(wrong) ? 1 : trust(right) == trust(wrong) ? 0.5 : 0).Average();

        Assert.True(double.IsNaN(new StartsStudy(4, [new(4, true)]).AreaUnderCurve));
        Assert.Equal(1, new StartsStudy(4, [new(4, true), new(1, false)]).AreaUnderCurve);
    }

    [Fact]
    public void Starts_that_end_elsewhere_do_not_agree_and_the_same_start_twice_does()
    {
        // Dead-end filling from zero ends elsewhere mostly.
        Mazes mazes = new(9, 100, 33);
        using ImplicitNetwork network = DeadEndNetwork.Create();
        StartsStudy apart = StartsStudy.Measure(network, new DenseClassification(), mazes, [new(StartingPoint.Operator), new(StartingPoint.Zero)]);
        Assert.Equal(100, apart.Samples.Count);
        Assert.All(apart.Samples, sample => Assert.True(sample.IsRight));
        Assert.InRange(apart.Samples.Count(sample => sample.Agreeing == 1), 80, 100);

        StartsStudy same = StartsStudy.Measure(network, new DenseClassification(), mazes, [new(StartingPoint.Zero), new(StartingPoint.Zero), new(StartingPoint.Operator)]);
        Assert.All(same.Samples, sample => Assert.InRange(sample.Agreeing, 2, 3));
        Assert.Equal(apart.Samples.Count(sample => sample.Agreeing == 1), same.Samples.Count(sample => sample.Agreeing == 2));
        Assert.Equal(apart.Samples.Count(sample => sample.Agreeing == 1), same.Samples.Count(sample => !sample.IsRight));

        // Two wrong answers outvote the right one of the first start; where all three agree the answer is right.
        StartsStudy outvoted = StartsStudy.Measure(network, new DenseClassification(), mazes, [new(StartingPoint.Operator), new(StartingPoint.Zero), new(StartingPoint.Zero)]);
        Assert.All(outvoted.Samples, sample => Assert.Equal(sample.Agreeing == 3, sample.IsRight));
        Assert.Equal(same.Samples, outvoted.Samples);

        // Which have converged is told apart from which agree.
        Assert.All(same.Samples, sample => Assert.Equal(3, sample.Converged));
        StartsStudy cut = StartsStudy.Measure(network, new DenseClassification(), mazes, [new(StartingPoint.Zero), new(StartingPoint.Zero)], network.Settings with { Stopping = network.Stopping with { MaxSteps = 1 } });
        Assert.All(cut.Samples, sample => Assert.Equal((0, 2, false), (sample.Converged, sample.Agreeing, sample.IsRight)));
    }

    [Fact]
    public void What_is_not_finite_agrees_with_nothing()
    {
        using ImplicitNetwork network = DeadEndNetwork.Create();
        StartingPoint broken = StartingPoint.From(own => full_like(own, double.NaN));
        StartsStudy study = StartsStudy.Measure(network, new DenseClassification(), new Mazes(9, 20), [new(broken), new(broken), new(StartingPoint.Operator)]);
        Assert.All(study.Samples, sample => Assert.Equal((1, 1, true), (sample.Agreeing, sample.Converged, sample.IsRight)));
        study = StartsStudy.Measure(network, new DenseClassification(), new Mazes(9, 20), [new(broken), new(broken)]);
        Assert.All(study.Samples, sample => Assert.Equal((0, 0), (sample.Agreeing, sample.Converged)));
    }

    [Fact]
    public void A_network_that_treats_all_sides_alike_agrees_with_itself_on_turned_mazes_and_another_does_not()
    {
        Mazes mazes = new(9, 60, 20);
        TurnedStart[] turned = [.. SquareSymmetry.All.Select(symmetry => new TurnedStart(StartingPoint.Operator, symmetry))];
        using ImplicitNetwork alike = DeadEndNetwork.Create();
        StartsStudy study = StartsStudy.Measure(alike, new DenseClassification(), mazes, turned);
        Assert.True(study.IsTurned);
        Assert.All(study.Samples, sample => Assert.Equal((8, 8, true), (sample.Agreeing, sample.Converged, sample.IsRight)));

        // Weights of nobody, large enough for answers of both classes: from one start always the same, of turned mazes not.
        random.manual_seed(1);
        using ImplicitNetwork another = GridSolver.Create(new() { LatentChannels = 4 });
        using (no_grad())
        {
            foreach (Tensor weights in another.parameters())
            {
                weights.mul_(4);
            }
        }

        TurnedStart[] plain = [.. turned.Select(start => start with { Symmetry = default })];
        study = StartsStudy.Measure(another, new DenseClassification(), mazes, plain);
        Assert.False(study.IsTurned);
        Assert.All(study.Samples, sample => Assert.Equal(8, sample.Agreeing));
        study = StartsStudy.Measure(another, new DenseClassification(), mazes, turned);
        Assert.All(study.Samples, sample => Assert.InRange(sample.Agreeing, 1, 7));
        Assert.All(study.Samples, sample => Assert.InRange(sample.LeastProbability, 0.5, 1));
    }
}
