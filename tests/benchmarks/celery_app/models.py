"""The narrow tables as Django's models; `plain.sql` makes them."""
# ruff: noqa: DJ008 - nobody prints one

from django.db import models

from shared.ids import new_id


class Rule(models.Model):
    pk = models.CompositePrimaryKey("community", "code")
    community = models.TextField()
    code = models.TextField()
    points_base = models.IntegerField()
    points_per_hour = models.IntegerField()
    largest_points = models.IntegerField()

    class Meta:
        managed, db_table = False, "rule"

    def points(self, service_minutes: int) -> int:
        hourly = (2 * self.points_per_hour * service_minutes + 60) // 120
        return min(self.largest_points, self.points_base + hourly)


class ServiceRequest(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id)
    community = models.TextField()
    number = models.TextField()
    category = models.TextField()
    requester_id = models.UUIDField()
    taker_id = models.UUIDField()
    service_minutes = models.IntegerField()
    points_rule = models.TextField()
    status = models.TextField()
    version = models.IntegerField()
    closed_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()

    class Meta:
        managed, db_table = False, "service_request"


class Step(models.Model):
    pk = models.CompositePrimaryKey("request_id", "version")
    request = models.ForeignKey(ServiceRequest, models.PROTECT)
    version = models.IntegerField()
    community = models.TextField()
    kind = models.TextField()
    by = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        managed, db_table = False, "step"


class Account(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id)
    community = models.TextField()
    owner_kind = models.TextField()
    owner_id = models.UUIDField()
    shard = models.SmallIntegerField()
    balance = models.BigIntegerField()

    class Meta:
        managed, db_table = False, "account"


class Award(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id)
    community = models.TextField()
    request_id = models.UUIDField()
    taker_id = models.UUIDField()
    rule = models.TextField()
    points = models.IntegerField()
    account = models.ForeignKey(Account, models.PROTECT)
    awarded_at = models.DateTimeField()

    class Meta:
        managed, db_table = False, "award"


class Transfer(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id)
    community = models.TextField()
    debit = models.ForeignKey(
        Account, models.PROTECT, db_column="debit_account", related_name="debited"
    )
    credit = models.ForeignKey(
        Account, models.PROTECT, db_column="credit_account", related_name="credited"
    )
    amount = models.IntegerField()
    award = models.OneToOneField(Award, models.PROTECT)
    occurred_at = models.DateTimeField()

    class Meta:
        managed, db_table = False, "transfer"


class Notice(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id)
    community = models.TextField()
    request_id = models.UUIDField()
    recipient_id = models.UUIDField()
    kind = models.TextField()
    details = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        managed, db_table = False, "notice"
