using ImplicitNet.Certification;
using ImplicitNet.Differentiation;
using ImplicitNet.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Certification;

public sealed class ConditionNumberTests : TensorTest
{
    private const double Epsilon = 2.2e-16;

    [Theory]
    [InlineData(1)]
    [InlineData(2.5)]
    [InlineData(1e3)]
    [InlineData(1e8)]
    public void Lanczos_finds_the_condition_of_a_matrix(double kappa)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(81);
        Tensor matrix = Theory.LinearContraction.OfCondition(40, kappa);
        ConditionNumber found = Lanczos.Condition(matrix.mv, randn(40, ScalarType.Float64), 40, Epsilon);
        Assert.Equal(ConditionStatus.Converged, found.Status);
        Assert.Equal(kappa, found.Value, 0.01 * kappa);
        Assert.InRange(found.Steps, 1, 40);
    }

    [Fact]
    public void Few_steps_give_a_lower_bound_and_say_so()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(82);
        Tensor matrix = Theory.LinearContraction.OfCondition(200, 1e6);
        double last = 1;
        foreach (int steps in (int[])[2, 5, 10, 40])
        {
            ConditionNumber found = Lanczos.Condition(matrix.mv, ones(200, ScalarType.Float64), steps, Epsilon);
            Assert.Equal((ConditionStatus.LowerBound, steps), (found.Status, found.Steps));
            Assert.InRange(found.Value, last, 1e6);
            last = found.Value;
        }
    }

    [Fact]
    public void A_singular_matrix_is_infinite_and_one_by_one_is_one()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(83);
        Tensor half = randn([6, 4], ScalarType.Float64);
        ConditionNumber singular = Lanczos.Condition(half.mm(half.t()).mv, randn(6, ScalarType.Float64), 20, Epsilon);
        Assert.Equal((ConditionStatus.RankDeficient, double.PositiveInfinity), (singular.Status, singular.Value));
        ConditionNumber zero = Lanczos.Condition(v => v * 0, ones(3, ScalarType.Float64), 20, Epsilon);
        Assert.Equal(ConditionStatus.RankDeficient, zero.Status);
        ConditionNumber one = Lanczos.Condition(v => v * 3, ones(1, ScalarType.Float64), 20, Epsilon);
        Assert.Equal((ConditionStatus.Converged, 1.0, 1), (one.Status, one.Value, one.Steps));
        Assert.True(double.IsNaN(Lanczos.Condition(v => v * double.NaN, ones(3, ScalarType.Float64), 20, Epsilon).Value));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_condition_of_a_sample_is_that_of_its_dense_parameter_Jacobian(bool training)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(84);
        using ImplicitNetwork network = SmallNetwork.Create(0.6);
        network.train(training);
        Tensor data = randn([3, 3], ScalarType.Float64);
        GradientCertificate certificate = new GradientCertifier { ConditionSamples = 2 }.Certify(network, data, SmallNetwork.Losses);
        Assert.Null(certificate.Samples[2].Condition);
        for (int sample = 0; sample < 2; sample++)
        {
            Tensor gram = DenseGram(network, data.narrow(0, sample, 1));
            double[] eigenvalues = [.. linalg.eigvalsh(gram).data<double>()];
            DescentCondition found = certificate.Samples[sample].Condition!.Value;
            Assert.Equal(ConditionStatus.Converged, found.Condition.Status);
            Assert.Equal(eigenvalues[^1] / eigenvalues[0], found.Condition.Value, 1e-6 * found.Condition.Value);
            Assert.Equal(0.6, found.Factor, 1e-3);
            Assert.Equal(found.Condition.Value < found.Limit, found.Holds);
        }
    }

    [Fact]
    public void Fewer_parameters_than_latents_are_infinite()
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork network = SmallNetwork.Create(0.6);
        foreach (Tensor parameter in network.Layer.parameters().Append(network.Encoder.parameters().First()))
        {
            parameter.requires_grad_(false);
        }

        // The encoder's bias is left: as many parameters as latents.
        GradientCertifier certifier = new() { ConditionSamples = 1 };
        Tensor data = randn([1, 3], ScalarType.Float64);
        Assert.Equal(ConditionStatus.Converged, certifier.Certify(network, data, SmallNetwork.Losses).Samples[0].Condition!.Value.Condition.Status);
        using ImplicitNetwork narrow = SmallNetwork.Create(
            0.6, nn.Sequential(("narrow", nn.Linear(3, 1, hasBias: false, dtype: ScalarType.Float64)), ("wide", nn.Linear(1, 5, dtype: ScalarType.Float64))));
        foreach (Tensor parameter in narrow.Layer.parameters().Concat(narrow.Encoder.parameters().Skip(1)))
        {
            parameter.requires_grad_(false);
        }

        DescentCondition condition = certifier.Certify(narrow, data, SmallNetwork.Losses).Samples[0].Condition!.Value;
        Assert.Equal((ConditionStatus.RankDeficient, 0, false), (condition.Condition.Status, condition.Condition.Steps, condition.Holds));
        Assert.Contains("kappa infinite", condition.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_known_is_not_decided()
    {
        Assert.Null(new DescentCondition(new ConditionNumber(5, ConditionStatus.LowerBound, 3), 0.5).Holds);
        Assert.False(new DescentCondition(new ConditionNumber(15, ConditionStatus.LowerBound, 3), 0.5).Holds);
        Assert.True(new DescentCondition(new ConditionNumber(13, ConditionStatus.Converged, 3), 0.5).Holds);
        Assert.False(new DescentCondition(new ConditionNumber(1, ConditionStatus.Converged, 3), 1.5).Holds);
        Assert.Null(new DescentCondition(new ConditionNumber(double.NaN, ConditionStatus.LowerBound, 3), 0.5).Holds);
    }

    /// <summary>A reader who finds "does not hold" beside "The gradient is good" is told how both can be.</summary>
    [Theory]
    [InlineData(13, ConditionStatus.Converged, "kappa 13 against 13.93 at gamma 0.5000: holds, JFB descends for every loss")]
    [InlineData(15, ConditionStatus.LowerBound, "kappa at least 15 against 13.93 at gamma 0.5000: does not hold, so not for every loss; for the one at hand the measured cosine counts")]
    [InlineData(5, ConditionStatus.LowerBound, "kappa at least 5 against 13.93 at gamma 0.5000: undecided")]
    public void In_words_it_is_sufficient_for_the_worst_loss_and_no_more(double value, ConditionStatus status, string words) =>
        Assert.Equal(words, new DescentCondition(new ConditionNumber(value, status, 3), 0.5).ToString());

    private static Tensor DenseGram(ImplicitNetwork network, Tensor data)
    {
        Tensor latent;
        using (no_grad())
        using (ImplicitResult result = network.Run(data))
        {
            latent = result.Latent.clone();
        }

        Tensor mapped = network.Layer.Operator.call(latent, network.Encoder.call(data));
        Tensor[] theta = [.. network.Encoder.parameters().Concat(network.Layer.parameters())];
        Tensor[] rows = [.. Enumerable.Range(0, 5).Select(row => cat([.. VectorProducts
            .TransposeProducts(mapped, theta, nn.functional.one_hot(tensor([(long)row]), 5).to(ScalarType.Float64))
            .Select(product => product!.flatten())]))];
        Tensor m = stack(rows);
        return m.mm(m.t());
    }
}
